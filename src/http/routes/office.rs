//! What the office sets up: campaigns, units, whom hooks tell.

use super::super::api::{campaigns, chase, hooks, import, review, units};
use super::{Access, Doc, HOOKS, MANAGE, READ, Route, Shape, Verb, doc, schema};
use crate::domain::access::Permission;

pub(super) const OFFICE: &[Route] = &[
    api!(Get "/campaigns/{campaign}/locks" MANAGE, review::locks, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Locked days, and exceptions", &[], schema::<crate::service::locks::LocksView>)
    }),
    api!(Post "/campaigns/{campaign}/locks" MANAGE, review::lock, Doc {
        takes: Some(schema::<review::LockBody>),
        gives: (201, Some(schema::<crate::service::locks::LocksView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Lock a day", &[], schema::<()>)
    }),
    api!(Delete "/campaigns/{campaign}/locks/{date}" MANAGE, review::unlock, Doc {
        gives: (204, None),
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Open a locked day again", &[], schema::<()>)
    }),
    api!(Post "/campaigns/{campaign}/exceptions" MANAGE, review::except, Doc {
        takes: Some(schema::<review::ExceptionBody>),
        gives: (201, Some(schema::<crate::service::locks::LocksView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Let a unit report on a locked day", &[], schema::<()>)
    }),
    api!(Get "/liaisons" READ, chase::liaisons, doc(
        "Contact groups of units", chase::LIAISONS, schema::<crate::service::chase::LiaisonsView>)),
    api!(Put "/units/{code}/liaison" Access::Needs(Permission::ManageUnits), chase::set_liaison, Doc {
        takes: Some(schema::<crate::service::chase::LiaisonBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Set the contact group of a unit", &[], schema::<crate::service::chase::LiaisonView>)
    }),
    api!(Get "/campaigns/{campaign}/hooks" HOOKS, hooks::list,
        doc("Where messages and events are sent", &[], schema::<crate::service::outbox::HooksView>)),
    api!(Post "/campaigns/{campaign}/hooks" HOOKS, hooks::create, Doc {
        takes: Some(schema::<crate::service::outbox::HookBody>),
        gives: (201, Some(schema::<crate::service::outbox::HookView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Enter a hook", &[], schema::<()>)
    }),
    api!(Patch "/hooks/{id}" HOOKS, hooks::update, Doc {
        takes: Some(schema::<crate::service::outbox::HookBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Change a hook", &[], schema::<crate::service::outbox::HookView>)
    }),
    api!(Delete "/hooks/{id}" HOOKS, hooks::delete, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Forget a hook", &[], schema::<()>)
    }),
    api!(Post "/hooks/{id}/test" HOOKS, hooks::test, Doc {
        refuses: &[401, 403, 404, 503],
        ..doc("Try a hook", &[], schema::<crate::service::outbox::HookTestView>)
    }),
    api!(Get "/hooks/{id}/deliveries" HOOKS, hooks::deliveries, doc(
        "What was sent to a hook or is to be", hooks::DELIVERIES,
        schema::<crate::service::outbox::DeliveriesView>)),
    api!(Post "/hooks/{id}/deliveries/{delivery}" HOOKS, hooks::redeliver, Doc {
        gives: (202, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Send a delivery once more", &[], schema::<()>)
    }),
    api!(Get "/campaigns" READ, campaigns::list,
        doc("Campaigns, newest first", &[], schema::<campaigns::Campaigns>)),
    api!(Post "/campaigns" Access::Needs(Permission::ManageCampaigns), campaigns::create, Doc {
        takes: Some(schema::<crate::service::campaigns::CampaignBody>),
        gives: (201, Some(schema::<crate::service::campaigns::CampaignView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter a campaign", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}" READ, campaigns::get,
        doc("One campaign", &[], schema::<crate::service::campaigns::CampaignView>)),
    api!(Patch "/campaigns/{campaign}" Access::Needs(Permission::ManageCampaigns), campaigns::update, Doc {
        takes: Some(schema::<crate::service::campaigns::CampaignBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Change a campaign", &[], schema::<crate::service::campaigns::CampaignView>)
    }),
    api!(Get "/units" READ, units::list,
        doc("Units in administrative order", units::QUERY, schema::<crate::service::units::UnitsView>)),
    api!(Post "/units" Access::Needs(Permission::ManageUnits), units::create, Doc {
        takes: Some(schema::<crate::service::units::UnitBody>),
        gives: (201, Some(schema::<crate::service::units::UnitView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter a unit", &[], schema::<()>)
    }),
    api!(Post "/units/import" Access::Needs(Permission::ManageUnits), import::units, Doc {
        query: import::UNITS,
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Enter units from a CSV or XLSX file, all or none", &[], schema::<crate::service::import_units::UnitImportView>)
    }),
    api!(Get "/units/{code}" READ, units::get,
        doc("One unit", &[], schema::<crate::service::units::UnitView>)),
    api!(Patch "/units/{code}" Access::Needs(Permission::ManageUnits), units::update, Doc {
        takes: Some(schema::<crate::service::units::UnitBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Change a unit", &[], schema::<crate::service::units::UnitView>)
    }),
    api!(Post "/units/{code}/merge" Access::Needs(Permission::ManageUnits), units::merge, Doc {
        takes: Some(schema::<crate::service::unit_tree::MergeBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("End a unit in favour of another", &[], schema::<crate::service::units::UnitView>)
    }),
    api!(Get "/topics" Access::Needs(Permission::Own), campaigns::topics,
        doc("Topics of consultation", &[], schema::<campaigns::Codes>)),
    api!(Get "/modes" Access::Needs(Permission::Own), campaigns::modes,
        doc("Modes of consultation", &[], schema::<campaigns::Codes>)),
];
