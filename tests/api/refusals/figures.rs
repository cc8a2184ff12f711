//! Figures that a report may not have.

use serde_json::{Value, json};

/// What is wrong with the figures: the body, the code, the pointer, and a piece of the words in Chinese and English.
pub(super) fn faulty_figures() -> Vec<(Value, &'static str, &'static str, &'static str, &'static str)> {
    let item = |item: Value| json!({ "items": [{ "measure": "banners", "count": 1 }, item] });
    let count = |count: Value| item(json!({ "measure": "materials", "count": count }));
    let record = |record: Value| json!({ "consultations": [record] });
    let note = |note: &str| json!({ "zero": true, "note": note });
    let at = "/items/1/count";
    vec![
        (count(json!(-1)), "count_negative", at, "数量不能为负数", "cannot be negative"),
        (count(json!(-0.5)), "count_negative", at, "数量不能为负数", "cannot be negative"),
        (count(json!(1.5)), "count_fractional", at, "数量须为整数", "whole number"),
        (count(json!(1_000_000_001u64)), "count_too_large", at, "1000000000", "cannot exceed 1000000000"),
        (count(json!(1e300)), "count_too_large", at, "1000000000", "cannot exceed 1000000000"),
        (count(json!("12")), "count_not_a_number", at, "数量须为数字", "must be a number"),
        (count(json!([1])), "count_not_a_number", at, "数量须为数字", "must be a number"),
        (count(json!(true)), "count_not_a_number", at, "数量须为数字", "must be a number"),
        (count(Value::Null), "count_missing", at, "缺少数量", "count is missing"),
        (item(json!({ "measure": "materials" })), "count_missing", at, "缺少数量", "count is missing"),
        (
            item(json!({ "measure": "leaflets", "count": 1 })),
            "measure_unknown",
            "/items/1/measure",
            "没有指标“leaflets”",
            "does not count \"leaflets\"",
        ),
        (
            item(json!({ "measure": "households", "count": 1 })),
            "measure_unknown",
            "/items/1/measure",
            "没有指标“households”",
            "does not count \"households\"",
        ),
        (
            item(json!({ "measure": "consultations", "count": 1 })),
            "consultations_as_item",
            "/items/1/measure",
            "不能单独填报",
            "cannot be given apart",
        ),
        (
            item(json!({ "measure": "banners", "count": 2 })),
            "item_duplicate",
            "/items/1",
            "重复填报",
            "given twice",
        ),
        (
            item(json!({ "measure": "banners", "title": "  ", "count": 2 })),
            "item_duplicate",
            "/items/1",
            "重复填报",
            "given twice",
        ),
        (
            item(json!({ "measure": "materials", "count": 2, "bound": "some" })),
            "bound_unknown",
            "/items/1/bound",
            "精确度须为",
            "exact, over, under or about",
        ),
        (
            item(json!({ "measure": "materials", "count": 0, "bound": "over" })),
            "bound_on_zero",
            "/items/1/count",
            "不能写“余、近、约”",
            "Zero cannot be",
        ),
        (
            item(json!({ "measure": "materials", "title": "长".repeat(65), "count": 2 })),
            "title_invalid",
            "/items/1/title",
            "名称不能超过 64 字",
            "at most 64 characters",
        ),
        (
            item(json!({ "measure": "materials", "title": "一\u{0}二", "count": 2 })),
            "title_invalid",
            "/items/1/title",
            "控制字符",
            "control characters",
        ),
        (
            record(json!({ "topic": "gossip", "person_times": 1 })),
            "topic_unknown",
            "/consultations/0/topic",
            "没有这个咨询类别",
            "no such topic",
        ),
        (
            record(json!({ "mode": "telepathy", "person_times": 1 })),
            "mode_unknown",
            "/consultations/0/mode",
            "没有这种咨询方式",
            "no such mode",
        ),
        (
            record(json!({ "person_times": -3 })),
            "count_negative",
            "/consultations/0/person_times",
            "数量不能为负数",
            "cannot be negative",
        ),
        (
            json!({ "items": [{ "measure": "banners", "count": 1 }], "zero": true }),
            "zero_with_items",
            "/zero",
            "零报告不能同时填写数量",
            "zero report cannot hold figures",
        ),
        (
            json!({ "consultations": [{ "person_times": 1 }], "zero": true }),
            "zero_with_items",
            "/zero",
            "零报告不能同时填写数量",
            "zero report cannot hold figures",
        ),
        (json!({}), "nothing_reported", "", "没有填写任何内容", "Nothing was given"),
        (json!({ "note": "无" }), "nothing_reported", "", "没有填写任何内容", "Nothing was given"),
        // The numbers are the published examples of their standards.
        (
            note("身份证11010519491231002X"),
            "personal_data",
            "/note",
            "请删除个人信息",
            "remove personal data",
        ),
        (note("电话138-0013-8000"), "personal_data", "/note", "请删除个人信息", "remove personal data"),
        (
            item(json!({ "measure": "materials", "title": "问13800138000", "count": 1 })),
            "personal_data",
            "/items/1/title",
            "请删除个人信息",
            "remove personal data",
        ),
        (
            note(&"长".repeat(1001)),
            "note_too_long",
            "/note",
            "备注不能超过 1000 字",
            "at most 1000 characters",
        ),
        (note("a\u{0}b"), "note_invalid", "/note", "控制字符", "control characters"),
        (
            json!({ "items": vec![json!({ "measure": "materials", "count": 1 }); 301] }),
            "too_many_lines",
            "/items",
            "不能超过 300 行",
            "at most 300 lines",
        ),
    ]
}
