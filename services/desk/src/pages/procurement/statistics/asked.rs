//! What the page of totals is asked, and the form that asks it.

use maud::{Markup, html};
use proto::procurement::v1::{
    AreaScope, ListProjectsRequest, Origin, RollupBoundary, RollupDimension, RollupMeasure, RollupSelection,
};

use super::{
    super::{
        overview::last_year,
        places::{Place, place, unclear},
        words::Named,
    },
    PATH,
};
use crate::{fault::Fault, posted::Fields, visit::Visit};

/// Years that one question takes.
const YEARS_MAX: i32 = 50;

/// What is asked.
pub struct Asked {
    /// Which records.
    pub selection: RollupSelection,
    /// Which number.
    pub measure: RollupMeasure,
    /// In which groups.
    pub dimension: RollupDimension,
    /// The region as it is typed and shown; empty for the nation.
    region: String,
    /// That the region was not understood.
    pub said: Option<Markup>,
}

async fn first_year(visit: &Visit) -> Result<Option<i32>, Fault> {
    let asked = ListProjectsRequest { page_size: 1, order_by: "year".into(), ..Default::default() };
    let found = visit.api.projects().list_projects(asked).await?.into_inner().projects;
    Ok(found.first().map(|project| project.year))
}

/// Reads the fields of the address; none where no project is recorded and no year is asked for.
pub async fn read(visit: &Visit, fields: &Fields) -> Result<Option<Asked>, Fault> {
    let year = |name| fields.one(name).parse::<i32>().ok().filter(|year| (1949..=2199).contains(year));
    let to = match year("to").or(year("from")) {
        Some(year) => Some(year),
        None => last_year(visit).await?,
    };
    let from = match year("from") {
        Some(year) => Some(year),
        None => first_year(visit).await?,
    };
    let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
    let (from, to) = (from.min(to).max(to - YEARS_MAX + 1), to.max(from));
    let typed: String = fields.one("region").trim().chars().take(64).collect();
    let (code, region, said) = match place(visit, &typed).await? {
        Place::None => (String::new(), String::new(), None),
        Place::One { code, title } => (format!("regions/{code}"), title, None),
        Place::Unclear(regions) => (String::new(), String::new(), Some(unclear(visit, &typed, &regions, PATH))),
    };
    let is_as_of = fields.one("boundary") == RollupBoundary::AsOf.as_str_name();
    let selection = RollupSelection {
        from_year: from,
        to_year: to,
        region: code,
        scope: AreaScope::of_code(fields.one("scope")).unwrap_or(AreaScope::WholeArea).into(),
        origin: Origin::of_code(fields.one("origin")).unwrap_or(Origin::Real).into(),
        boundary: if is_as_of { RollupBoundary::AsOf } else { RollupBoundary::AsReported }.into(),
        boundary_year: if is_as_of { to } else { 0 },
        ..Default::default()
    };
    let measure = RollupMeasure::of_code(fields.one("measure")).unwrap_or(RollupMeasure::SettlementFen);
    let dimension = RollupDimension::of_code(fields.one("group")).unwrap_or(RollupDimension::Class);
    Ok(Some(Asked { selection, measure, dimension, region, said }))
}

/// The form that asks it again.
pub fn form(visit: &Visit, asked: &Asked) -> Markup {
    fn choice<T: Named>(visit: &Visit, name: &str, zh: &str, en: &str, chosen: T) -> Markup {
        html! { label { span { (visit.say(zh, en)) } select name=(name) {
            @for value in T::ALL { option value=(value.code()) selected[*value == chosen] { (value.named(visit.language())) } }
        } } }
    }
    let of = &asked.selection;
    let boundaries = [
        (RollupBoundary::AsReported, visit.say("各年当时区划", "those of each year")),
        (RollupBoundary::AsOf, visit.say("末年区划", "those of the last year")),
    ];
    html! {
        form.line action=(PATH) {
            (choice(visit, "measure", "指标", "Measure", asked.measure))
            (choice(visit, "group", "分组", "Groups", asked.dimension))
            label { span { (visit.say("起始年", "From")) } input type="number" name="from" min="1949" max="2199" value=(of.from_year); }
            label { span { (visit.say("终止年", "To")) } input type="number" name="to" min="1949" max="2199" value=(of.to_year); }
            label { span { (visit.say("地区（空为全国）", "Region (empty: the nation)")) }
                input name="region" maxlength="64" value=(asked.region) placeholder=(visit.say("名称或代码", "Name or code")); }
            (choice(visit, "scope", "范围", "Scope", of.scope()))
            (choice(visit, "origin", "数据", "Records", of.origin()))
            label { span { (visit.say("区划", "Boundaries")) } select name="boundary" {
                @for (value, words) in boundaries { option value=(value.as_str_name()) selected[of.boundary() == value] { (words) } }
            } }
            button { (visit.say("统计", "Add up")) }
        }
    }
}
