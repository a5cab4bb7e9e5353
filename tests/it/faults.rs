//! Every fault of AWS's and of the API server's, one by one and several at once.

mod clock;
mod kinds;
mod life;
mod matrix;
mod objects;
mod patience;
mod state;
mod thousand;

pub use state::{differences, left, state};
