//! What a picture shows, in words: for readers who do not see it, and for tooltips.

use super::Request;
use crate::service::{App, Caller, Error};
use pufa_charts as draw;
use schemars::JsonSchema;
use serde::Serialize;

/// A place in a picture that stands for a figure, in pixels at scale 1.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HitView {
    /// The series: a year, a measure, a mode.
    pub series: String,
    /// The category: a unit, a day, a topic.
    pub label: String,
    /// The value in full, with its measure word; or the state of a report.
    pub value: String,
    /// The change in words, or empty.
    pub change: String,
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// A picture in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FiguresView {
    /// Title and subtitle.
    pub caption: String,
    /// Width of the picture at scale 1.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The heading of each column.
    pub headers: Vec<String>,
    /// The rows; the first cell of each names it.
    pub rows: Vec<Vec<String>>,
    /// The places, in the order they are drawn: the last at a point lies on top.
    pub hits: Vec<HitView>,
}

impl App {
    /// What a picture shows and where; `file` of the request with any ending or none.
    ///
    /// # Errors
    /// As [`App::chart`].
    pub async fn chart_figures(&self, caller: &Caller, request: &Request) -> Result<FiguresView, Error> {
        let name = request.file.split_once('.').map_or(request.file.as_str(), |(name, _)| name);
        let spec = self.spec(caller, name, request).await?;
        let options = draw::Options::default();
        let hits = draw::hits(&spec, &options).map_err(|error| Error::Internal(error.to_string()))?;
        let (width, height) = spec.size();
        let table = draw::table(&spec);
        let view = |hit: draw::Hit| HitView {
            series: hit.series,
            label: hit.label,
            value: hit.value,
            change: hit.change,
            x: hit.x,
            y: hit.y,
            w: hit.w,
            h: hit.h,
        };
        Ok(FiguresView {
            caption: table.caption,
            width,
            height,
            headers: table.headers,
            rows: table.rows,
            hits: hits.into_iter().map(view).collect(),
        })
    }
}
