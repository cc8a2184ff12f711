//! `summary`: the page that the office exports.

use crate::model::Summary;
use crate::pen::{Pen, Place};

pub(crate) fn draw(_pen: &Pen, _spec: &Summary, _page: Place) {}
