//! welcomes
