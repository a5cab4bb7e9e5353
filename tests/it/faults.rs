//! Every fault of AWS's and of the API server's, one by one and several at once.

mod state;

pub use state::{differences, left, state};
