//! Groups. Spec: `groups.md`.

mod adding;
mod coming_back;
mod commit_wanted;
mod consent;
mod founding;
mod leaving;
mod links;
mod listing;
mod policy;
mod provisional;
mod requests;
mod turns;
mod typing;
