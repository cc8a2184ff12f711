//! Who comes in, and what runs here.

use super::super::api::{account, campaigns, description, links, session, tokens, users};
use super::{ACCOUNTS, Access, Doc, OWN_REFUSES, PERSONAL, Route, Shape, Verb, doc, schema};
use crate::domain::access::Permission;

pub(super) const PEOPLE: &[Route] = &[
    api!(Get "/measures" Access::Needs(Permission::Own), campaigns::measures,
        doc("Built-in measures", &[], schema::<campaigns::Measures>)),
    api!(Post "/session" Access::Public, session::create, Doc {
        takes: Some(schema::<session::Credentials>),
        refuses: &[400, 401, 403, 408, 413, 415, 422, 429, 503],
        gives: (201, Some(schema::<crate::service::session::SessionView>)),
        ..doc("Sign in", &[], schema::<()>)
    }),
    api!(Delete "/session" PERSONAL, session::delete, Doc {
        gives: (204, None),
        refuses: &[401, 403, 503],
        ..doc("Sign out", &[], schema::<()>)
    }),
    api!(Get "/me" Access::Needs(Permission::Own), session::me,
        doc("Who is signed in", &[], schema::<crate::service::session::MeView>)),
    api!(Put "/me/password" PERSONAL, account::password, Doc {
        takes: Some(schema::<account::PasswordBody>),
        refuses: OWN_REFUSES,
        ..doc("Change one's password; all other sessions end", &[], schema::<crate::service::session::SessionView>)
    }),
    api!(Post "/me/totp" PERSONAL, account::offer_totp, Doc {
        takes: Some(schema::<account::ProofBody>),
        refuses: OWN_REFUSES,
        ..doc("Get a secret for one-time codes", &[], schema::<crate::service::accounts::totp::TotpOffer>)
    }),
    api!(Put "/me/totp" PERSONAL, account::confirm_totp, Doc {
        takes: Some(schema::<account::CodeBody>),
        refuses: OWN_REFUSES,
        ..doc("Confirm the secret with a code; all other sessions end", &[],
            schema::<crate::service::accounts::totp::TotpConfirmed>)
    }),
    api!(Post "/me/totp/removal" PERSONAL, account::remove_totp, Doc {
        takes: Some(schema::<account::RemovalBody>),
        refuses: OWN_REFUSES,
        ..doc("Use no more one-time codes; all other sessions end", &[],
            schema::<crate::service::session::SessionView>)
    }),
    api!(Get "/sessions" PERSONAL, account::sessions, doc(
        "Live sessions of oneself, or of somebody one manages", account::OF_USER, schema::<account::Sessions>)),
    api!(Delete "/sessions/{id}" PERSONAL, account::end_session, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("End a session", &[], schema::<()>)
    }),
    api!(Get "/tokens" PERSONAL, tokens::list, doc(
        "Tokens of oneself, or of somebody one manages", account::OF_USER, schema::<tokens::Tokens>)),
    api!(Post "/tokens" PERSONAL, tokens::create, Doc {
        takes: Some(schema::<crate::service::tokens::TokenBody>),
        gives: (201, Some(schema::<crate::service::tokens::TokenView>)),
        refuses: OWN_REFUSES,
        ..doc("Make a token for a program", &[], schema::<()>)
    }),
    api!(Delete "/tokens/{id}" PERSONAL, tokens::revoke, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Revoke a token", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/links" ACCOUNTS, links::list, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Report links of a campaign", &[], schema::<links::Links>)
    }),
    api!(Post "/campaigns/{campaign}/links" ACCOUNTS, links::create, Doc {
        takes: Some(schema::<crate::service::links::LinkBody>),
        gives: (201, Some(schema::<crate::service::links::LinkView>)),
        refuses: OWN_REFUSES,
        ..doc("Make a link with which a unit reports without an account", &[], schema::<()>)
    }),
    api!(Delete "/links/{id}" ACCOUNTS, links::revoke, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Revoke a report link", &[], schema::<()>)
    }),
    api!(Get "/users" ACCOUNTS, users::list, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Accounts that one manages", users::QUERY, schema::<crate::service::accounts::UsersView>)
    }),
    api!(Post "/users" ACCOUNTS, users::create, Doc {
        takes: Some(schema::<crate::service::accounts::NewUserBody>),
        gives: (201, Some(schema::<crate::service::accounts::UserView>)),
        refuses: OWN_REFUSES,
        ..doc("Enter an account", &[], schema::<()>)
    }),
    api!(Get "/users/{name}" ACCOUNTS, users::get, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("One account", &[], schema::<crate::service::accounts::UserView>)
    }),
    api!(Patch "/users/{name}" ACCOUNTS, users::update, Doc {
        takes: Some(schema::<crate::service::accounts::UserBody>),
        refuses: OWN_REFUSES,
        ..doc("Change an account; its sessions end", &[], schema::<crate::service::accounts::UserView>)
    }),
    api!(Get "/openapi.json" Access::Public, description::openapi,
        Doc { refuses: &[], gives: (200, None), ..doc("This description", &[], schema::<()>) }),
];
