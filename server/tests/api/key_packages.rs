//! key_packages
