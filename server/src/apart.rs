//! Work that takes its time, on a thread that may: the runtime's own go on with other requests meanwhile.

use infrasound_spec::mutant;

use crate::error::ApiError;

/// Runs the work to its end, even if nobody waits for it any more. It fails only if the work panics.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let broken = mutant::chosen();
    let work = move || {
        mutant::choose(broken);
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal())
}
