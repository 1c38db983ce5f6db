//! What a request leaves behind: who sent it, which quirks it used, what it did.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::{FromRequestParts, OriginalUri, Request};
use axum::response::Response;
use http::Extensions;
use http::request::Parts;
use operations::{Effects, RequestRecord};
use scim::Object;
use scim::compat::Used;

use super::mask;
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Told;
use crate::http::trace::RequestId;
use crate::metrics;

/// Collects what the request log will say; every part of a request holds the same notes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    tenant: Option<Tenant>,
    quirks: BTreeSet<&'static str>,
    ignored: Vec<String>,
    effects: Effects,
    body: Option<String>,
}

impl Notes {
    /// The notes of the request with these extensions.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Who sends.
    pub(crate) fn sender(&self, tenant: &Tenant) {
        self.noted().tenant = Some(tenant.clone());
    }

    /// What was sent, masked.
    pub(crate) fn body(&self, body: &Object) {
        self.noted().body = Some(mask::object(body));
    }

    /// Which quirks were used, and what they left out.
    pub(crate) fn used(&self, used: Used) {
        let mut noted = self.noted();
        noted.quirks.extend(used.quirks);
        noted.ignored.extend(used.ignored);
    }

    /// What followed, in plain words.
    pub(crate) fn effects(&self, effects: Effects) {
        self.noted().effects.merge(effects);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Notes {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

/// Hands out notes and, once the answer stands, queues what they say.
pub(crate) async fn record<F>(app: &App, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let notes = Notes::default();
    request.extensions_mut().insert(notes.clone());
    let started = Instant::now();
    let at = app.now();
    let method = request.method().to_string();
    let path = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri().path().to_owned(), |original| original.path().to_owned());
    let id = request.extensions().get::<RequestId>().map_or_else(|| app.id(), |id| id.0);

    let response = next(request).await;

    let noted = std::mem::take(&mut *notes.noted());
    for quirk in &noted.quirks {
        metrics::quirk_used(quirk);
    }
    if let Some(tenant) = noted.tenant {
        let record = RequestRecord {
            id,
            scope: tenant.scope.clone(),
            connection: tenant.connection().id,
            at,
            method,
            path: mask::url_path(&path).chars().take(500).collect(),
            status: response.status().as_u16(),
            duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            quirks: noted.quirks.into_iter().map(str::to_owned).collect(),
            // What was noted before a refusal did not happen.
            effects: if response.status().is_success() { noted.effects.listed() } else { Vec::new() },
            ignored: noted.ignored,
            body: noted.body,
            error: response.extensions().get::<Told>().map(|told| mask::sentence(&told.0)),
        };
        app.requests().send(record, tenant.token);
    }
    response
}
