//! The OpenAPI document, from the handlers' descriptions and the spec's types.
//!
//! `server/openapi.json` pins it; the test of the same name says how to renew it.

use infrasound_spec::api::{problem::Problem, stream::StreamEvent};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, ContentBuilder, Ref, RefOr, ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::routes::{
    account, blobs, contacts, conversations, devices, instance, key_packages, links, push, relay, sessions,
    sign_in, stream, welcomes,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Infrasound relay", description = "End-to-end encrypted messages beside an instance. Times are milliseconds since the Unix epoch; bytes are base64url without padding."),
    paths(
        relay::well_known::handle, relay::openapi::handle, relay::health::handle, relay::ready::handle,
        relay::info::handle, sign_in::start::handle, sign_in::callback::handle,
        sign_in::hand_over::handle, sign_in::finish::handle,
        sign_in::exchange::handle, instance::webhook::handle, sessions::challenge::handle, sessions::start::handle, sessions::end::handle,
        devices::register::handle, devices::list::handle, devices::rename::handle, devices::revoke::handle,
        links::open::handle, links::join::handle, links::send::handle, links::read::handle, links::close::handle, account::own::handle,
        account::policy::handle, account::lookup::handle, account::search::handle, contacts::list::handle, contacts::set::handle,
        key_packages::upload::handle, key_packages::count::handle, key_packages::claim::handle,
        key_packages::claim_many::handle, conversations::proposal::handle, conversations::members::handle,
        conversations::consent::handle, conversations::group_info::handle,
        conversations::join_requests::ask::handle, conversations::join_requests::list::handle,
        conversations::join_requests::end::handle, conversations::turn::handle, conversations::typing::handle,
        conversations::list::handle, conversations::found::handle, conversations::one::handle,
        conversations::log::handle, conversations::message::handle, conversations::commit::handle,
        conversations::report::handle, conversations::tree::handle, blobs::announce::handle,
        blobs::upload::handle, blobs::download::handle, blobs::attach::handle, blobs::detach::handle,
        push::set::handle, push::end::handle, welcomes::list::handle, welcomes::delete::handle, stream::handle,
    ),
    components(schemas(Problem, StreamEvent)),
    modifiers(&SessionScheme, &Problems),
)]
struct Document;

struct SessionScheme;

impl Modify for SessionScheme {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of POST /v1/devices or POST /v1/sessions."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of POST /v1/links or POST /v1/links/join."))
            .build();
        components.add_security_scheme("link", SecurityScheme::Http(scheme));
    }
}

/// Every operation may answer with a problem.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let problem = ResponseBuilder::new()
            .description("A problem (RFC 9457)")
            .content("application/problem+json", content)
            .build();
        for item in document.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
            }
        }
    }
}

/// The document.
pub(crate) fn document() -> openapi::OpenApi {
    Document::openapi()
}
