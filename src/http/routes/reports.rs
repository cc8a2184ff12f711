//! Reports of units, and what is made of them.

use super::super::api::{
    charts, chase, comparison, events, export, import, ledger, parse, press, publications, review, tallies,
    totals,
};
use super::{Access, Doc, READ, REVIEW, Route, Shape, Verb, doc, schema};
use crate::domain::access::Permission;

pub(super) const REPORTS: &[Route] = &[
    api!(Put "/campaigns/{campaign}/tallies/{unit}/{date}" Access::Needs(Permission::Submit), tallies::put, Doc {
        takes: Some(schema::<tallies::TallyBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 503],
        ..doc("Report a unit's day, or correct it", tallies::PUT, schema::<crate::service::tallies::TallyView>)
    }),
    api!(Post "/campaigns/{campaign}/tallies/{unit}/{date}/check" Access::Needs(Permission::Submit), tallies::check, Doc {
        takes: Some(schema::<tallies::TallyBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Judge a report without storing it", &[], schema::<tallies::CheckView>)
    }),
    api!(Post "/campaigns/{campaign}/tallies/{unit}/{date}/review" REVIEW, review::decide, Doc {
        takes: Some(schema::<review::DecisionBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 503],
        ..doc("Accept a report, or send it back with a reason", &[], schema::<crate::service::tallies::TallyView>)
    }),
    api!(Get "/campaigns/{campaign}/review" REVIEW, review::queue, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Reports that wait for a decision", review::QUEUE, schema::<crate::service::review::QueueView>)
    }),
    api!(Post "/campaigns/{campaign}/review" REVIEW, review::decide_many, Doc {
        takes: Some(schema::<review::DecisionsBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Decide about many reports, each by itself", &[], schema::<review::DecidedListView>)
    }),
    api!(Get "/campaigns/{campaign}/tallies/{unit}/{date}" READ, tallies::get,
        doc("The current version of a report", &[], schema::<crate::service::tallies::TallyView>)),
    api!(Get "/campaigns/{campaign}/tallies/{unit}/{date}/versions" READ, tallies::versions,
        doc("Every version of a report", &[], schema::<crate::service::tallies::VersionsView>)),
    api!(Get "/campaigns/{campaign}/tallies" READ, tallies::list, doc(
        "Current reports, a page at a time", tallies::LIST, schema::<crate::service::tallies::TalliesView>)),
    api!(Post "/campaigns/{campaign}/tallies/import" Access::Needs(Permission::Submit), import::reports, Doc {
        query: import::REPORTS,
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Take in the reports of a CSV or XLSX file, all or none", &[], schema::<crate::service::import::ImportView>)
    }),
    api!(Get "/campaigns/{campaign}/export.csv" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report, a row a unit and day, as CSV", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/export.xlsx" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report with totals, a chart and the comparison of years, as a workbook", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/export.json" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report with totals, as JSON", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/flat.csv" READ, export::flat, Doc {
        gives: (200, None),
        ..doc("A row a figure, as CSV", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/flat.json" READ, export::flat, Doc {
        gives: (200, None),
        ..doc("A row a figure, as JSON", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/template.xlsx" READ, export::template, Doc {
        gives: (200, None),
        ..doc("A workbook to fill in and send to the import", export::TEMPLATE, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/totals" READ, totals::totals,
        doc("Totals of a unit", totals::TOTALS, schema::<crate::service::totals::TotalsView>)),
    api!(Get "/campaigns/{campaign}/completeness" READ, totals::completeness, doc(
        "Who has reported", totals::COMPLETENESS, schema::<crate::service::completeness::CompletenessView>)),
    api!(Get "/campaigns/{campaign}/missing" READ, chase::missing, doc(
        "Who has not; as text/plain ready to paste", chase::MISSING,
        schema::<crate::service::chase::MissingView>)),
    api!(Get "/campaigns/{campaign}/chases" Access::Needs(Permission::Review), chase::list, doc(
        "Who was asked when", chase::CHASES, schema::<crate::service::chase::ChasesView>)),
    api!(Post "/campaigns/{campaign}/chases" Access::Needs(Permission::Review), chase::create, Doc {
        takes: Some(schema::<crate::service::chase::ChaseBody>),
        gives: (201, Some(schema::<crate::service::chase::ChaseView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Note that the missing were asked", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/burden" READ, chase::burden, doc(
        "What a campaign has asked of units", chase::BURDEN, schema::<crate::service::chase::BurdensView>)),
    api!(Get "/campaigns/{campaign}/charts/{file}" READ, charts::chart, Doc {
        gives: (200, None),
        ..doc("A picture: totals, trend, composition, topics, completeness, year-over-year or summary, .png or .svg; \
            .json tells its figures and where they are",
            charts::QUERY, schema::<()>)
    }),
    api!(Get "/events" READ, events::events, Doc {
        gives: (200, None),
        ..doc("Server-sent events: a unit's revision, now and whenever it changes", events::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/ledger" READ, ledger::get,
        doc("A unit's print ledger", ledger::QUERY, schema::<crate::service::ledger::LedgerView>)),
    api!(Post "/campaigns/{campaign}/ledger" Access::Needs(Permission::Submit), ledger::add, Doc {
        takes: Some(schema::<crate::service::ledger::LedgerBody>),
        gives: (201, Some(schema::<crate::service::ledger::LedgerEntryView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter print, or take an entry back", ledger::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/publications" READ, publications::list,
        doc("Published figures, newest first", &[], schema::<crate::service::publications::PublicationsView>)),
    api!(Post "/campaigns/{campaign}/publications" Access::Needs(Permission::Publish), publications::create, Doc {
        takes: Some(schema::<crate::service::publications::PublicationBody>),
        gives: (201, Some(schema::<crate::service::publications::PublicationView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Freeze the totals of a unit", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/publications/{number}" READ, publications::get, doc(
        "Published figures, and what must be said of them since", &[],
        schema::<crate::service::publications::PublicationView>)),
    api!(Get "/comparison" READ, comparison::comparison, doc(
        "Drives side by side", comparison::QUERY, schema::<crate::service::comparison::ComparisonView>)),
    api!(Get "/campaigns/{campaign}/press" READ, press::press, doc(
        "Lines for the press; as text/plain ready to paste", press::QUERY,
        schema::<crate::service::press::PressView>)),
    api!(Get "/campaigns/{campaign}/snapshots/{id}" READ, press::snapshot, doc(
        "The totals that a snapshot names", &[], schema::<crate::service::press::SnapshotView>)),
    api!(Post "/press/audit" READ, press::audit, Doc {
        takes: Some(schema::<press::AuditBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Check a draft for the press against the totals; nothing is stored", &[],
            schema::<crate::service::press::AuditView>)
    }),
    api!(Post "/parse" Access::Needs(Permission::Own), parse::parse, Doc {
        takes: Some(schema::<parse::ParseBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Read report text into figures; nothing is stored", &[], schema::<crate::service::parse::ParseView>)
    }),
];
