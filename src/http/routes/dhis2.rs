//! What clients of DHIS2 ask.

use super::super::api::dhis2;
use super::{Access, Doc, Route, Shape, Verb, doc, schema};
use crate::domain::access::Permission;

pub(super) const DHIS2: &[Route] = &[
    dhis2!(Post "/dataValueSets" Submit, dhis2::import, Doc {
        takes: Some(schema::<crate::service::dhis2::DataValueSet>),
        also: &[409],
        refuses: &[400, 401, 403, 408, 413, 415, 422, 503],
        ..doc("Take in data values, as DHIS2 does; refused ones are told with 409 and the same body", dhis2::IMPORT,
            schema::<dhis2::ImportAnswer>)
    }),
    dhis2!(Get "/dataValueSets" Read, dhis2::values,
        doc("Data values, as DHIS2 gives them", dhis2::VALUES, schema::<crate::service::dhis2::DataValueSet>)),
    dhis2!(Get "/dataValueSets.csv" Read, dhis2::values_csv, Doc {
        gives: (200, None),
        ..doc("Data values as CSV, as DHIS2 gives them", dhis2::VALUES, schema::<()>)
    }),
    dhis2!(Get "/organisationUnits" Read, dhis2::units,
        doc("Units, as DHIS2 lists them", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/organisationUnits/{code}" Read, dhis2::unit,
        doc("One unit, as DHIS2 shows it", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/dataSets" Read, dhis2::data_sets,
        doc("Campaigns, as DHIS2 lists data sets", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/dataSets/{campaign}" Read, dhis2::data_set,
        doc("One campaign, as DHIS2 shows a data set", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/dataElements" Read, dhis2::data_elements,
        doc("Measures, as DHIS2 lists data elements", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/dataElements/{measure}" Read, dhis2::data_element,
        doc("One measure, as DHIS2 shows a data element", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/me" Own, dhis2::me, doc("Who is signed in, as DHIS2 tells it", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/system/info" Own, dhis2::info,
        doc("What runs here, as DHIS2 tells it", &[], schema::<serde_json::Value>)),
];
