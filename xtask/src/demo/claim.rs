//! What the story says has happened, checked.

use thiserror::Error;

/// The story says something that is not so.
#[derive(Debug, Error)]
#[error("this did not hold: {claim}")]
pub(crate) struct ClaimError {
    claim: String,
}

/// Fails unless the claim holds.
pub(crate) fn check(claim: &str, holds: bool) -> Result<(), ClaimError> {
    if holds { Ok(()) } else { Err(ClaimError { claim: claim.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_does_not_hold_is_repeated_in_the_error() {
        assert!(check("two and two are four", true).is_ok());
        let error = check("two and two are five", false).unwrap_err();
        assert_eq!(error.to_string(), "this did not hold: two and two are five");
    }
}
