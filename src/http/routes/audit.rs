//! The audit.

use super::super::{api::audit, page};
use super::{Access, Doc, Route, Shape, Verb, doc, schema};
use crate::domain::access::Permission;

const AUDIT: Access = Access::Needs(Permission::ReadAudit);
const REFUSES: &[u16] = &[400, 401, 403, 404, 422, 503];

pub(super) const ROUTES: &[Route] = &[
    api!(Get "/audit" AUDIT, audit::list, Doc {
        refuses: REFUSES,
        ..doc("What was done and refused", audit::QUERY, schema::<crate::service::audit::AuditView>)
    }),
    api!(Get "/audit/export.csv" AUDIT, audit::export, Doc {
        gives: (200, None),
        refuses: REFUSES,
        ..doc("The audit as a table", audit::FILE, schema::<()>)
    }),
    api!(Get "/audit/export.json" AUDIT, audit::export, Doc {
        refuses: REFUSES,
        ..doc("The audit as a file", audit::FILE, schema::<Vec<crate::service::audit::AuditItem>>)
    }),
    api!(Get "/audit/heads" AUDIT, audit::heads, Doc {
        refuses: REFUSES,
        ..doc("The ends of the audit's chains, now or at the end of a day", audit::HEADS,
            schema::<crate::service::audit::HeadsView>)
    }),
    page!(Get "/audit" AUDIT, page::audit::show),
];
