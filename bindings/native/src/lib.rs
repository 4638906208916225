//! bindings/native
