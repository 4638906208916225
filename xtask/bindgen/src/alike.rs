//! Puts copies of one function in a row in which each is followed by the one that is most like it.

use std::collections::BTreeSet;

/// So many bytes in a row are of use to what compresses.
const RUN: usize = 5;

/// The order in which bodies follow each other, from the shortest on.
pub(crate) fn in_a_row(bodies: &[&[u8]]) -> Vec<usize> {
    let mut left: Vec<(usize, BTreeSet<&[u8]>)> =
        bodies.iter().map(|body| body.windows(RUN).collect()).enumerate().collect();
    let mut row = Vec::with_capacity(bodies.len());
    let mut next = (0..bodies.len()).min_by_key(|place| (bodies[*place].len(), bodies[*place]));
    while let Some(at) = next {
        let (place, runs) = left.remove(at);
        row.push(place);
        next = (0..left.len()).rev().max_by_key(|other| likeness(&runs, &left[*other].1));
    }
    row
}

/// How much of both is in both, in millionths.
fn likeness(one: &BTreeSet<&[u8]>, other: &BTreeSet<&[u8]>) -> usize {
    let shared = one.intersection(other).count();
    let all = one.len() + other.len() - shared;
    shared * 1_000_000 / all.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_alike_follow_each_other() {
        let row = in_a_row(&[
            b"the herd walks west",
            b"another thing altogether",
            b"the herd is",
            b"the herd walks east",
        ]);
        assert_eq!(row, [2, 0, 3, 1]);
        assert_eq!(in_a_row(&[b"same", b"same", b"same"]), [0, 1, 2], "what makes no difference stays");
        assert!(in_a_row(&[]).is_empty());
    }
}
