//! Every address of the console.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::{
    administrators, api_tokens, around, brake, bulk, conflicts, connection, connection_settings, connections,
    credential, dialogs, group, groups, groups_enrol, help, inspector, issuers, journal, letter, licences,
    limits, link, live, mail, mail_templates, organisations, overview, permissions, pool_edit, preferences,
    search, settings, sign_in, sso, user, users, users_add, users_export, users_import, webhooks,
};
use crate::app::App;

/// The most bytes of a form.
const FORM_BYTES: usize = 64 * 1_024;

/// All pages of the console.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/console", get(sign_in::start))
        .route("/console/help", get(help::show))
        .route("/console/sign-in", get(sign_in::page).post(sign_in::with_password))
        .route("/console/sign-in/{tenant}", get(sign_in::page_of))
        .route("/console/sso/{issuer}", get(sso::start))
        .route("/console/sso/{issuer}/callback", get(sso::callback))
        .route("/console/sign-in/code", get(sign_in::code).post(sign_in::with_code))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console/join/{link}", get(link::join_page).post(link::join))
        .route("/console/enter/{link}", get(link::enter_page).post(link::enter))
        .route("/console/organisations", get(organisations::list).post(organisations::create))
        .route("/console/organisations/{id}", post(organisations::enter))
        .route("/console/second-factor", get(sign_in::set_up).post(sign_in::confirm))
        .merge(people())
        .merge(sync())
        .merge(administration())
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(app), around::only_ours))
}

/// The overview, people, and what gives them access.
fn people() -> Router<Arc<App>> {
    Router::new()
        .route("/console/{tenant}", get(overview::show))
        .route("/console/{tenant}/live", get(live::live))
        .route("/console/{tenant}/users", get(users::list))
        .route("/console/{tenant}/users/add", get(users_add::form).post(users_add::add))
        .route(
            "/console/{tenant}/users/import",
            get(users_import::form)
                .post(users_import::upload)
                .layer(DefaultBodyLimit::max(users_import::FILE_BYTES + FORM_BYTES)),
        )
        .route("/console/{tenant}/users/import/{id}", get(users_import::show))
        .route("/console/{tenant}/users/import/{id}/begin", post(users_import::begin))
        .route("/console/{tenant}/users/import/{id}/discard", post(users_import::discard))
        .route("/console/{tenant}/users/import/{id}/left-out.csv", get(users_import::left_out))
        .route("/console/{tenant}/users/export/users.csv", get(users_export::export))
        .route("/console/{tenant}/users/bulk/{act}", post(bulk::act))
        .route("/console/{tenant}/users/{id}/menu", get(users::menu))
        .route("/console/{tenant}/users/{id}", get(user::overview))
        .route("/console/{tenant}/users/{id}/devices", get(user::devices))
        .route("/console/{tenant}/users/{id}/grants", get(user::grants))
        .route("/console/{tenant}/users/{id}/scim", get(user::scim))
        .route("/console/{tenant}/users/{id}/journal", get(user::journal))
        .route("/console/{tenant}/users/{id}/letters/{kind}", get(letter::of_person))
        .route("/console/{tenant}/users/{id}/assign", post(dialogs::assign))
        .route("/console/{tenant}/users/{id}/activate", post(dialogs::activate))
        .route("/console/{tenant}/users/{id}/reminders", post(dialogs::remind))
        .route("/console/{tenant}/users/{id}/{dialog}", get(dialogs::dialog).post(dialogs::answer))
        .route("/console/{tenant}/groups", get(groups::list))
        .route("/console/{tenant}/search", get(search::search))
        .route("/console/{tenant}/groups/{id}", get(group::show))
        .route("/console/{tenant}/groups/{id}/mark", post(group::mark))
        .route("/console/{tenant}/groups/enrol", get(groups_enrol::form).post(groups_enrol::save))
        .route("/console/{tenant}/groups/enrol/preview", post(groups_enrol::preview))
        .route("/console/{tenant}/groups/enrol/apply", post(groups_enrol::apply))
        .route("/console/{tenant}/licences", get(licences::list))
        .route("/console/{tenant}/licences/add", get(pool_edit::form).post(pool_edit::save))
        .route("/console/{tenant}/licences/{pool}", get(licences::waiting))
        .route("/console/{tenant}/licences/{pool}/edit", get(pool_edit::form).post(pool_edit::save))
        .route("/console/{tenant}/licences/{pool}/delete", get(pool_edit::ask_delete).post(pool_edit::delete))
        .route("/console/{tenant}/licences/{pool}/seats", get(licences::seats))
        .route("/console/{tenant}/licences/{pool}/history", get(licences::history))
        .route("/console/{tenant}/permissions", get(permissions::list))
        .route("/console/{tenant}/permissions/{act}", post(permissions::act))
}

/// The connections, and what they sent.
fn sync() -> Router<Arc<App>> {
    Router::new()
        .route("/console/{tenant}/brake", get(brake::list))
        .route("/console/{tenant}/brake/decide", post(brake::decide))
        .route("/console/{tenant}/brake/approve", post(brake::approve))
        .route("/console/{tenant}/conflicts", get(conflicts::list))
        .route("/console/{tenant}/conflicts/{user}", get(conflicts::ask).post(conflicts::hand_over))
        .route("/console/{tenant}/connections", get(connections::list))
        .route("/console/{tenant}/connections/add", get(connections::form).post(connections::add))
        .route("/console/{tenant}/connections/{id}", get(connection::setup))
        .route(
            "/console/{tenant}/connections/{id}/tokens",
            get(connection::tokens).post(connection::new_token),
        )
        .route(
            "/console/{tenant}/connections/{id}/credential",
            get(credential::form).post(credential::create),
        )
        .route(
            "/console/{tenant}/connections/{id}/tokens/{token}/{act}",
            get(connection::ask_token).post(connection::answer_token),
        )
        .route(
            "/console/{tenant}/connections/{id}/settings",
            get(connection::settings).post(connection_settings::save),
        )
        .route(
            "/console/{tenant}/connections/{id}/quirks",
            get(connection::quirks).post(connection::tolerate),
        )
        .route("/console/{tenant}/connections/{id}/test", get(connection::test))
        .route(
            "/console/{tenant}/connections/{id}/delete",
            get(connection::ask_delete).post(connection::delete),
        )
        .route(
            "/console/{tenant}/connections/{id}/hand-over",
            get(connection::ask_hand_over).post(connection::hand_over),
        )
        .route("/console/{tenant}/inspector", get(inspector::list))
        .route("/console/{tenant}/inspector/{id}", get(inspector::request))
}

/// The journal, mail, administrators and settings.
fn administration() -> Router<Arc<App>> {
    Router::new()
        .route("/console/{tenant}/journal", get(journal::list))
        .route("/console/{tenant}/journal/export/{file}", get(journal::export))
        .route("/console/{tenant}/mail", get(mail::list))
        .route("/console/{tenant}/mail/templates", get(mail_templates::list))
        .route(
            "/console/{tenant}/mail/templates/{kind}/{language}",
            // A letter in another script takes several bytes for each character.
            get(mail_templates::show).post(mail_templates::act).layer(DefaultBodyLimit::max(8 * FORM_BYTES)),
        )
        .route(
            "/console/{tenant}/mail/templates/{kind}/{language}/look",
            get(letter::saved).post(letter::typed).layer(DefaultBodyLimit::max(8 * FORM_BYTES)),
        )
        .route("/console/{tenant}/mail/{id}", get(mail::show))
        .route("/console/{tenant}/mail/act/{act}", post(mail::act))
        .route("/console/{tenant}/administrators", get(administrators::list).post(administrators::add))
        .route("/console/{tenant}/administrators/sessions/end", post(administrators::end_session))
        .route("/console/{tenant}/administrators/sso", get(issuers::list))
        .route("/console/{tenant}/administrators/sso/enforce", post(issuers::enforce))
        .route("/console/{tenant}/administrators/sso/{id}", get(issuers::form).post(issuers::save))
        .route("/console/{tenant}/administrators/sso/{id}/test", get(issuers::test))
        .route(
            "/console/{tenant}/administrators/sso/{id}/remove",
            get(issuers::ask_remove).post(issuers::remove),
        )
        .route("/console/{tenant}/preferences", get(preferences::show))
        .route("/console/{tenant}/preferences/connect/{id}", get(preferences::connect))
        .route("/console/{tenant}/preferences/{act}", post(preferences::act))
        .route(
            "/console/{tenant}/administrators/{id}/{act}",
            get(administrators::ask).post(administrators::change),
        )
        .route("/console/{tenant}/settings", get(settings::show).post(settings::save))
        .route("/console/{tenant}/settings/limits", get(limits::show))
        .route("/console/{tenant}/settings/tokens", get(api_tokens::list).post(api_tokens::create))
        .route(
            "/console/{tenant}/settings/tokens/{id}/revoke",
            get(api_tokens::ask_revoke).post(api_tokens::revoke),
        )
        .route("/console/{tenant}/settings/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/console/{tenant}/settings/webhooks/{id}", get(webhooks::show))
        .route("/console/{tenant}/settings/webhooks/{id}/{act}", get(webhooks::ask).post(webhooks::act))
        .route("/console/{tenant}/settings/{tab}", get(settings::show).post(settings::save))
}
