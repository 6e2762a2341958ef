//! Stories about the catalogue, each on both engines.
