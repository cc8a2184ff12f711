//! What clients of DHIS2 ask: `/api/dataValueSets`, and the few reads they make first.

use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service;
use crate::service::dhis2::{
    Asked, Conflict, Count, DataValue, DataValueSet, Kind, Options, Strategy, Summary,
};
use crate::service::tallies::parse_day;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use warp::http::{StatusCode, header};

/// Parameters of a list. Any other is left alone, for clients send many that mean nothing here.
pub const LIST: &[&str] = &["paging", "page", "pageSize", "filter", "query"];
/// Parameters of the values.
pub const VALUES: &[&str] = &["dataSet", "period", "startDate", "endDate", "orgUnit", "children"];
/// Parameters of the import.
pub const IMPORT: &[&str] = &["dataSet", "period", "orgUnit", "importStrategy", "dryRun"];

/// What became of an import: as DHIS2 2.38 and later tell it, and beside it the fields that earlier ones had on top.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportAnswer {
    http_status: &'static str,
    http_status_code: u16,
    status: &'static str,
    message: &'static str,
    import_count: Count,
    conflicts: Vec<Conflict>,
    response: ImportSummary,
}

/// The summary of an import.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportSummary {
    response_type: &'static str,
    status: &'static str,
    description: &'static str,
    import_count: Count,
    conflicts: Vec<Conflict>,
    rejected_indexes: Vec<usize>,
    data_set_complete: &'static str,
}

fn loose(request: &Request) -> Query {
    Query::of(form_urlencoded::parse(request.raw_query.as_bytes()).into_owned().collect())
}

fn all(query: &Query, name: &str) -> Vec<String> {
    let given = query.pairs().filter(|(other, value)| *other == name && !value.is_empty());
    given.flat_map(|(_, values)| values.split(',')).map(ToOwned::to_owned).collect()
}

/// Who asks.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn me(request: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &request.app.dhis2_me(request.caller()?)))
}

/// What runs here.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn info(request: Request) -> Result<Response, Error> {
    request.caller()?;
    Ok(reply::json(StatusCode::OK, &request.app.dhis2_info()))
}

/// `filter=field:operator:value`.
fn filter(text: &str) -> Result<impl Fn(&Value) -> bool, Error> {
    let unknown = || Error::from(service::Error::invalid(Fault::new("/filter", "filter_unknown")));
    let mut parts = text.splitn(3, ':');
    let (Some(field), Some(operator), Some(wanted)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(unknown());
    };
    let path = format!("/{}", field.replace('.', "/"));
    let wanted = wanted.to_lowercase();
    let fits: fn(&str, &str) -> bool = match operator {
        "eq" | "ieq" => |value, wanted| value == wanted,
        "!eq" | "ne" => |value, wanted| value != wanted,
        "like" | "ilike" => |value, wanted| value.contains(wanted),
        "$like" | "$ilike" => |value, wanted| value.starts_with(wanted),
        "in" => |value, wanted| wanted.trim_matches(['[', ']']).split(',').any(|one| one == value),
        _ => return Err(unknown()),
    };
    Ok(move |object: &Value| {
        let value = object.pointer(&path);
        let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned));
        fits(&value.unwrap_or_default().to_lowercase(), &wanted)
    })
}

fn list(request: &Request, kind: Kind) -> Result<Response, Error> {
    let query = loose(request);
    let (app, caller) = (&request.app, request.caller()?);
    let page = if query.get("paging") == Some("false") {
        None
    } else {
        let number = query.positive("page")?.unwrap_or(1) as usize;
        Some((number, query.positive("pageSize")?.unwrap_or(50) as usize))
    };
    let range = page.map_or(0..usize::MAX, |(number, size)| {
        let start = size.saturating_mul(number - 1);
        start..start.saturating_add(size)
    });
    let filters = query.pairs().filter(|(name, _)| *name == "filter").map(|(_, text)| filter(text));
    let filters = filters.collect::<Result<Vec<_>, _>>()?;
    let text = query.get("query").map(str::to_lowercase);
    // Objects are only made to be looked at where something is looked for.
    let (items, total) = if filters.is_empty() && text.is_none() {
        app.dhis2_list(caller, kind, range)
    } else {
        let (mut found, _) = app.dhis2_list(caller, kind, 0..usize::MAX);
        let has = |value: &Value, text: &str| {
            value.as_str().is_some_and(|value| value.to_lowercase().contains(text))
        };
        found.retain(|object| {
            filters.iter().all(|wanted| wanted(object))
                && text.as_ref().is_none_or(|text| has(&object["name"], text) || has(&object["id"], text))
        });
        let total = found.len();
        (found.into_iter().skip(range.start).take(range.len()).collect(), total)
    };
    let mut answer = json!({ kind.plural(): items });
    if let Some((number, size)) = page {
        let pages = total.div_ceil(size).max(1);
        answer["pager"] = json!({ "page": number, "pageCount": pages, "total": total, "pageSize": size });
    }
    Ok(reply::json(StatusCode::OK, &answer))
}

fn one(request: &Request, kind: Kind, unknown: &'static str) -> Result<Response, Error> {
    let found = request.app.dhis2_one(request.caller()?, kind, request.param(0));
    Ok(reply::json(StatusCode::OK, &found.ok_or(service::Error::NotFound(unknown))?))
}

/// Units in scope.
///
/// # Errors
/// 422 for a filter that is not understood.
pub async fn units(request: Request) -> Result<Response, Error> {
    list(&request, Kind::OrganisationUnits)
}

/// One unit.
///
/// # Errors
/// 404 out of scope.
pub async fn unit(request: Request) -> Result<Response, Error> {
    one(&request, Kind::OrganisationUnits, "unit_out_of_scope")
}

/// Campaigns.
///
/// # Errors
/// 422 for a filter that is not understood.
pub async fn data_sets(request: Request) -> Result<Response, Error> {
    list(&request, Kind::DataSets)
}

/// One campaign.
///
/// # Errors
/// 404 when it does not concern the caller.
pub async fn data_set(request: Request) -> Result<Response, Error> {
    one(&request, Kind::DataSets, "campaign_unknown")
}

/// Measures.
///
/// # Errors
/// 422 for a filter that is not understood.
pub async fn data_elements(request: Request) -> Result<Response, Error> {
    list(&request, Kind::DataElements)
}

/// One measure.
///
/// # Errors
/// 404 when no campaign of the caller's counts it.
pub async fn data_element(request: Request) -> Result<Response, Error> {
    one(&request, Kind::DataElements, "measure_unknown")
}

fn asked(request: &Request) -> Result<Asked, Error> {
    let query = loose(request);
    let day = |name: &str| query.get(name).map(|text| parse_day(text, &format!("/{name}"))).transpose();
    Ok(Asked {
        data_sets: all(&query, "dataSet"),
        periods: all(&query, "period"),
        from: day("startDate")?,
        to: day("endDate")?,
        units: all(&query, "orgUnit"),
        children: query.get("children") == Some("true"),
    })
}

/// Figures.
///
/// # Errors
/// 404 out of scope; 422 for a faulty parameter.
pub async fn values(request: Request) -> Result<Response, Error> {
    let asked = asked(&request)?;
    Ok(reply::json(StatusCode::OK, &request.app.dhis2_values(request.caller()?, &asked).await?))
}

/// The columns of a CSV of values, in their order.
const COLUMNS: [&str; 11] = [
    "dataelement",
    "period",
    "orgunit",
    "catoptcombo",
    "attroptcombo",
    "value",
    "storedby",
    "lastupdated",
    "comment",
    "followup",
    "deleted",
];

/// Figures as CSV.
///
/// # Errors
/// As [`values`].
pub async fn values_csv(request: Request) -> Result<Response, Error> {
    let asked = asked(&request)?;
    let set = request.app.dhis2_values(request.caller()?, &asked).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| service::Error::Internal(error.to_string());
    writer.write_record(COLUMNS).map_err(failed)?;
    for value in &set.data_values {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = [
            value.data_element.clone(),
            text(&value.period),
            text(&value.org_unit),
            text(&value.category_option_combo),
            text(&value.attribute_option_combo),
            value.value.as_str().unwrap_or_default().to_owned(),
            String::new(),
            text(&value.last_updated),
            text(&value.comment),
            value.followup.to_string(),
            value.deleted.to_string(),
        ];
        writer.write_record(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| service::Error::Internal(error.to_string()))?;
    Ok(reply::bytes_as(StatusCode::OK, bytes, "text/csv; charset=utf-8"))
}

/// Reads a CSV of values by the order of its columns, as DHIS2 does; the first row is a head.
fn from_csv(bytes: &[u8]) -> Result<DataValueSet, Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let mut set = DataValueSet::default();
    // The first row is the head.
    for (record, row) in reader.records().zip(2..) {
        let record = record.map_err(|_| {
            let detail = "a row cannot be read as CSV in UTF-8".to_owned();
            Error::Body { pointer: String::new(), place: Some((row, 1)), detail }
        })?;
        let text = |at: usize| record.get(at).map(str::trim).filter(|text| !text.is_empty());
        let owned = |at: usize| text(at).map(ToOwned::to_owned);
        set.data_values.push(DataValue {
            data_element: owned(0).unwrap_or_default(),
            period: owned(1),
            org_unit: owned(2),
            category_option_combo: owned(3),
            attribute_option_combo: owned(4),
            value: text(5).map_or(Value::Null, |text| Value::String(text.to_owned())),
            comment: owned(8),
            last_updated: None,
            followup: false,
            deleted: text(10) == Some("true"),
        });
    }
    Ok(set)
}

/// Takes figures in.
///
/// # Errors
/// 415 for another kind of body; 400 when it cannot be read. Values that are refused are told in the summary, with 409.
pub async fn import(mut request: Request) -> Result<Response, Error> {
    let query = loose(&request);
    let kind = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut set = match kind.as_str() {
        "application/csv" | "text/csv" => from_csv(&request.bytes().await?)?,
        _ => request.json::<DataValueSet>().await?.0,
    };
    set.data_set = set.data_set.or_else(|| query.owned("dataSet"));
    set.period = set.period.or_else(|| query.owned("period"));
    set.org_unit = set.org_unit.or_else(|| query.owned("orgUnit"));
    let options = Options {
        dry_run: query.get("dryRun") == Some("true"),
        strategy: Strategy::parse(query.get("importStrategy"))?,
    };
    let summary = request.app.dhis2_import(request.caller()?, &set, options).await?;
    Ok(told(summary, request.lang))
}

fn told(summary: Summary, lang: Lang) -> Response {
    let conflicts: Vec<Conflict> = summary
        .refused
        .into_iter()
        .map(|(object, error, indexes)| {
            let error = Error::from(error);
            let fault = error.faults(lang).into_iter().next().map(|fault| fault.message);
            Conflict {
                object,
                value: fault.unwrap_or_else(|| error.title(lang)),
                error_code: error.code(),
                indexes,
            }
        })
        .collect();
    let mut rejected: Vec<usize> =
        conflicts.iter().flat_map(|conflict| conflict.indexes.iter().copied()).collect();
    rejected.sort_unstable();
    let count = summary.count;
    let done = count.imported + count.updated + count.deleted;
    let (status, code, http_status, message) = match (conflicts.is_empty(), done) {
        (true, _) => ("SUCCESS", StatusCode::OK, "OK", "Import was successful."),
        (false, 0) => ("ERROR", StatusCode::CONFLICT, "Conflict", "Nothing was imported; see the conflicts."),
        (false, _) => {
            ("WARNING", StatusCode::CONFLICT, "Conflict", "Some values were refused; see the conflicts.")
        }
    };
    let answer = ImportAnswer {
        http_status,
        http_status_code: code.as_u16(),
        status: if status == "SUCCESS" { "OK" } else { status },
        message,
        import_count: count,
        conflicts: conflicts.clone(),
        response: ImportSummary {
            response_type: "ImportSummary",
            status,
            description: message,
            import_count: count,
            conflicts,
            rejected_indexes: rejected,
            data_set_complete: "false",
        },
    };
    reply::json(code, &answer)
}
