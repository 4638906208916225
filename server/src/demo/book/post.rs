//! The public posts of the demo instance.

use infrasound_spec::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Book;

/// The longest post, in characters: Mastodon's own limit.
pub(in crate::demo) const MAX_POST: usize = 500;
/// The oldest makes room.
const MAX_POSTS: usize = 1_000;

/// A public post.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::demo) struct Post {
    pub(in crate::demo) id: u64,
    pub(in crate::demo) author: String,
    pub(in crate::demo) text: String,
    pub(in crate::demo) created: Timestamp,
}

/// Why a post is refused. The texts are Mastodon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::demo) enum PostError {
    #[error("Validation failed: Text can't be blank")]
    Blank,
    #[error("Validation failed: Text character limit of {MAX_POST} exceeded")]
    TooLong,
}

impl Book {
    /// Publishes a post.
    pub(in crate::demo) fn post(
        &mut self,
        author: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Post, PostError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PostError::Blank);
        }
        if text.chars().count() > MAX_POST {
            return Err(PostError::TooLong);
        }
        let post =
            Post { id: self.take_id(), author: author.to_owned(), text: text.to_owned(), created: now };
        self.posts.push_back(post.clone());
        if self.posts.len() > MAX_POSTS {
            self.posts.pop_front();
        }
        Ok(post)
    }

    /// The posts, newest first, of accounts that stand.
    pub(in crate::demo) fn timeline(&self) -> impl Iterator<Item = &Post> {
        self.posts
            .iter()
            .rev()
            .filter(|post| self.account(&post.author).is_some_and(|author| !author.suspended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_listed_newest_first_and_bounded() {
        let mut book = Book::new(Timestamp::from_secs(1));
        for n in 0..MAX_POSTS + 3 {
            book.post("alice", &format!("post {n}"), Timestamp::from_secs(2)).unwrap();
        }
        assert_eq!(book.timeline().next().unwrap().text, format!("post {}", MAX_POSTS + 2));
        assert_eq!(book.timeline().count(), MAX_POSTS);
    }

    #[test]
    fn blank_and_too_long_posts_are_refused() {
        let mut book = Book::new(Timestamp::from_secs(1));
        assert_eq!(book.post("alice", " \n", Timestamp::from_secs(2)).unwrap_err(), PostError::Blank);
        let long = "ä".repeat(MAX_POST + 1);
        assert_eq!(book.post("alice", &long, Timestamp::from_secs(2)).unwrap_err(), PostError::TooLong);
    }

    #[test]
    fn the_posts_of_a_suspended_account_are_hidden() {
        let mut book = Book::new(Timestamp::from_secs(1));
        book.post("alice", "hello", Timestamp::from_secs(2)).unwrap();
        book.set_suspended("alice", true);
        assert_eq!(book.timeline().count(), 0);
    }
}
