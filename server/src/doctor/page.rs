//! What is read from an address: the answer, when the other side says it was, and until when its certificate is good.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{StatusCode, header::DATE, tls::TlsInfo};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use x509_cert::{Certificate, der::Decode as _};

use crate::outbound::{Outbound, Reach};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than anything that is looked at.
const MAX_BODY: usize = 256 * 1024;

/// Who reads.
pub(super) struct Client(reqwest::Client);

/// What was read.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// Seconds by which this machine's clock is ahead of the other side's.
    pub(super) ahead: Option<i64>,
    /// Days for which the certificate is still good, if there is one.
    pub(super) certificate_days: Option<i64>,
}

impl Client {
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        Ok(Self(Outbound::new(Reach::everywhere(), TIMEOUT).examining()?))
    }

    /// Reads an address, or says in a sentence why it cannot be read.
    pub(super) async fn read(&self, url: &str) -> Result<Page, String> {
        let mut response = self.0.get(url).send().await.map_err(|error| why(&error))?;
        let now = now();
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        let certificate = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let certificate_days = certificate.and_then(good_until).map(|until| (until - now).div_euclid(86_400));
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err("its answer is longer than any real one".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        let ahead = date.map(|date| now - date.unix_timestamp());
        Ok(Page { status, body, ahead, certificate_days })
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn good_until(certificate: &[u8]) -> Option<i64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let until = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    i64::try_from(until.as_secs()).ok()
}

/// The innermost cause says most: "certificate expired", "connection refused".
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", TIMEOUT.as_secs());
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}
