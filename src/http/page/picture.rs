//! A picture on a page: the drawing, a table of its figures beside it, and its files.

use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::i18n::Lang;
use crate::service::charts::{FiguresView, Request as Wanted};
use crate::service::{self, App, Caller};
use futures_util::future::join_all;

/// What a page shows of a picture.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// Its name in addresses, `trend`.
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) alt: String,
    /// Address up to the ending of the file, and the query that says of what.
    pub(super) path: String,
    pub(super) query: String,
    /// The revision of the figures: with it, a newer picture has another address.
    pub(super) revision: i64,
    pub(super) figures: FiguresView,
}

/// What several pictures of a page have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) campaign: &'a str,
    /// Name of the campaign.
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    /// Name of the unit.
    pub(super) unit_name: &'a str,
    pub(super) measure: &'a str,
    /// Name of the measure.
    pub(super) measure_name: &'a str,
    pub(super) revision: i64,
    /// Further parameters: align, basis, years.
    pub(super) more: &'a [(&'static str, &'a str)],
}

impl Subject<'_> {
    fn lang(&self) -> Lang {
        self.caller.lang
    }

    /// The query of every picture's address.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("unit", self.unit).append_pair("measure", self.measure);
        query.append_pair("lang", self.lang().tag());
        self.more.iter().for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        query.finish()
    }

    /// Where the files of a picture are, up to their ending.
    pub(super) fn path(&self, name: &str) -> String {
        format!("/api/v1/campaigns/{}/charts/{name}", self.campaign)
    }

    pub(super) async fn picture(&self, name: &'static str) -> Result<Picture, Error> {
        let more = |wanted: &str| {
            let found = self.more.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let wanted = Wanted {
            campaign: self.campaign.to_owned(),
            file: name.to_owned(),
            unit: Some(self.unit.to_owned()),
            measure: Some(self.measure.to_owned()),
            align: more("align"),
            basis: more("basis"),
            years: more("years"),
            ..Wanted::default()
        };
        let figures = self.app.chart_figures(self.caller, &wanted).await?;
        let values = [("campaign", self.name), ("measure", self.measure_name)];
        let title = self.lang().words(&format!("chart-title-{name}"), &values);
        Ok(Picture {
            alt: self.lang().words("picture-alt", &[("title", &title), ("unit", self.unit_name)]),
            name,
            title,
            path: self.path(name),
            query: self.query(),
            revision: self.revision,
            figures,
        })
    }

    /// Several pictures; one that cannot be drawn of these figures is left out.
    pub(super) async fn pictures(&self, names: &[&'static str]) -> Result<Vec<Picture>, Error> {
        let mut pictures = Vec::with_capacity(names.len());
        // While the database looks for one picture's figures, another's are summed.
        for drawn in join_all(names.iter().map(|name| self.picture(name))).await {
            match drawn {
                Ok(picture) => pictures.push(picture),
                // More than a picture holds: the page has the same figures in its tables.
                Err(error @ Error::Service(service::Error::Internal(_))) => error.log(),
                Err(error) => return Err(error),
            }
        }
        Ok(pictures)
    }
}

/// A measure that the campaign does not count.
pub(super) fn measure_unknown(code: &str) -> Error {
    let fault = Fault::new("/measure", "measure_unknown").with("measure", code.escape_debug());
    service::Error::invalid(fault).into()
}
