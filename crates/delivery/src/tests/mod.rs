//! Rules of delivery, each told from outside.
