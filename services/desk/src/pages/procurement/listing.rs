//! A list as its address asks for it: what is filtered becomes a form, pills that take one condition away, and a filter of
//! the services (AIP-160). What an address says that the list does not know is left out.

use maud::{Markup, html};

use super::{
    names::Names,
    places::{Place, place, unclear},
    words::Named,
};
use crate::{
    fault::Fault,
    html::{count, pager, url},
    posted::Fields,
    visit::Visit,
};

/// Characters of a text that is looked for.
const TEXT_CHARACTERS_MAX: usize = 64;

/// Entries of a page.
pub const PAGE_SIZE: i32 = 50;

/// One condition, or none yet: its name in the address.
struct Control {
    name: &'static str,
    label: String,
    /// As in the address; empty when it is not set.
    value: String,
    /// The value in words.
    shown: String,
    /// None for what is no input of its own.
    input: Option<Markup>,
}

/// A list that is asked for.
pub struct Listing<'a> {
    visit: &'a Visit,
    path: String,
    fields: &'a Fields,
    controls: Vec<Control>,
    conditions: Vec<String>,
    order: String,
    said: Vec<Markup>,
}

/// A text as a value of a filter.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut value = String::from("\"");
    for character in text.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\' | '*') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push('"');
    value
}

/// A value of the address, bounded.
fn asked(fields: &Fields, name: &str) -> String {
    fields.one(name).trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}

impl<'a> Listing<'a> {
    /// At a path, from the fields of its address.
    #[must_use]
    pub fn new(visit: &'a Visit, path: impl Into<String>, fields: &'a Fields) -> Self {
        let (controls, conditions, said) = (Vec::new(), Vec::new(), Vec::new());
        Self { visit, path: path.into(), fields, controls, conditions, order: String::new(), said }
    }

    fn add(&mut self, name: &'static str, label: &str, value: String, shown: String, input: Option<Markup>) {
        self.controls.push(Control { name, label: label.to_owned(), value, shown, input });
    }

    /// Words that the entries hold, by the name `q`.
    #[must_use]
    pub fn search(mut self) -> Self {
        let value = asked(self.fields, "q");
        let label = self.visit.say("文字", "Text");
        if !value.is_empty() {
            self.conditions.push(format!("search({})", quoted(&value)));
        }
        let input = html! { input type="search" name="q" value=(value) maxlength=(TEXT_CHARACTERS_MAX); };
        self.add("q", label, value.clone(), value, Some(input));
        self
    }

    /// The year, by the field `year`.
    #[must_use]
    pub fn year(mut self) -> Self {
        let value = asked(self.fields, "year").parse::<u16>().ok().filter(|year| (1949..=2199).contains(year));
        let value = value.map(|year| year.to_string()).unwrap_or_default();
        if !value.is_empty() {
            self.conditions.push(format!("year = {value}"));
        }
        let label = self.visit.say("年度", "Year");
        let input = html! { input type="number" name="year" value=(value) min="1949" max="2199"; };
        self.add("year", label, value.clone(), value, Some(input));
        self
    }

    /// One of a list, by a field.
    #[must_use]
    pub fn choice<T: Named>(mut self, name: &'static str, field: &str, zh: &str, en: &str) -> Self {
        let language = self.visit.language();
        let chosen = T::of_code(&asked(self.fields, name));
        if let Some(value) = chosen {
            let operator = if field == "themes" { ":" } else { " = " };
            self.conditions.push(format!("{field}{operator}{}", value.code()));
        }
        let input = html! {
            select name=(name) {
                option value="" { (language.of("不限", "Any")) }
                @for value in T::ALL { option value=(value.code()) selected[chosen == Some(*value)] { (value.named(language)) } }
            }
        };
        let (value, shown) = chosen.map(|value| (value.code(), value.named(language))).unwrap_or_default();
        self.add(name, self.visit.say(zh, en), value.into(), shown.into(), Some(input));
        self
    }

    /// Real or made-up records.
    #[must_use]
    pub fn origin(mut self) -> Self {
        let visit = self.visit;
        let options = [
            ("real", visit.say("真实数据", "real"), "provenance.is_synthetic = false"),
            ("synthetic", visit.say("模拟数据", "synthetic"), "provenance.is_synthetic = true"),
        ];
        let value = asked(self.fields, "origin");
        let chosen = options.iter().find(|(known, ..)| *known == value);
        if let Some((_, _, condition)) = chosen {
            self.conditions.push((*condition).to_owned());
        }
        let input = html! {
            select name="origin" {
                option value="" { (visit.say("不限", "Any")) }
                @for (known, words, _) in &options { option value=(known) selected[*known == value] { (words) } }
            }
        };
        let (value, shown) = chosen.map(|(known, words, _)| (*known, *words)).unwrap_or_default();
        self.add("origin", visit.say("数据来源", "Records"), value.into(), shown.into(), Some(input));
        self
    }

    /// A region with all inside it, by its name or code: 余杭, 330110.
    ///
    /// # Errors
    /// When the services do not answer.
    pub async fn region(mut self, field: &str) -> Result<Self, Fault> {
        let value = asked(self.fields, "region");
        let found = place(self.visit, &value).await?;
        let (mut shown, mut known) = (String::new(), String::new());
        match found {
            Place::None => {}
            Place::One { code, title } => {
                self.conditions.push(format!("under({field}, {})", quoted(&format!("regions/{code}"))));
                (shown, known) = (title, code);
            }
            Place::Unclear(regions) => {
                self.conditions.push(format!("{field} = \"\""));
                shown.clone_from(&value);
                known.clone_from(&value);
                let others = self.url(Some("region"), &[]);
                self.said.push(unclear(self.visit, &value, &regions, &others));
            }
        }
        let typed = if shown.is_empty() { &value } else { &shown };
        let input = html! { input name="region" value=(typed) maxlength=(TEXT_CHARACTERS_MAX) placeholder=(self.visit.say("名称或代码", "Name or code")); };
        self.add("region", self.visit.say("地区", "Region"), known, shown, Some(input));
        Ok(self)
    }

    /// A condition that holds when it is ticked.
    #[must_use]
    pub fn flag(mut self, name: &'static str, condition: &str, zh: &str, en: &str) -> Self {
        let is_set = asked(self.fields, name) == "1";
        if is_set {
            self.conditions.push(condition.to_owned());
        }
        let yes = self.visit.say("是", "yes");
        let input = html! { select name=(name) { option value="" { (self.visit.say("不限", "Any")) } option value="1" selected[is_set] { (yes) } } };
        let (value, shown) = if is_set { ("1", yes) } else { ("", "") };
        self.add(name, self.visit.say(zh, en), value.into(), shown.into(), Some(input));
        self
    }

    /// Another entry that the entries name, by a field; a link sets it and a pill takes it away.
    pub async fn reference(mut self, name: &'static str, field: &str, collection: &str, zh: &str, en: &str) -> Self {
        let value = asked(self.fields, name);
        if !value.is_empty() {
            let full = format!("{collection}/{value}");
            let operator = if field.contains('.') { ":" } else { " = " };
            self.conditions.push(format!("{field}{operator}{}", quoted(&full)));
            let names = Names::of(&self.visit.api, self.visit.language(), [full.as_str()]).await;
            let shown = names.title(&full).to_owned();
            self.add(name, self.visit.say(zh, en), value, shown, None);
        }
        self
    }

    /// The orders there are: what the address says, what the service is asked, words in both languages. The first is the
    /// default.
    #[must_use]
    pub fn ordered(mut self, orders: &[(&str, &str, &str, &str)]) -> Self {
        let value = asked(self.fields, "order");
        let chosen = orders.iter().find(|(known, ..)| *known == value).or(orders.first());
        self.order = chosen.map(|(_, order, ..)| (*order).to_owned()).unwrap_or_default();
        let is_default = chosen == orders.first();
        let input = html! {
            select name="order" {
                @for order in orders { option value=(order.0) selected[Some(order) == chosen] { (self.visit.say(order.2, order.3)) } }
            }
        };
        // The default order is no condition: no pill.
        let value = if is_default { String::new() } else { value };
        self.add("order", self.visit.say("排序", "Order"), value, String::new(), Some(input));
        self
    }

    /// What the service is asked to filter.
    #[must_use]
    pub fn filter(&self) -> String {
        self.conditions.join(" AND ")
    }

    /// In which order.
    #[must_use]
    pub fn order(&self) -> String {
        self.order.clone()
    }

    /// The page that is asked for; empty for the first.
    #[must_use]
    pub fn token(&self) -> String {
        self.fields.one("page").to_owned()
    }

    /// Whether the size of the whole is asked for: on the first page.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.fields.one("page").is_empty()
    }

    /// The address with all that is asked but one condition, and with more.
    fn url(&self, without: Option<&str>, more: &[(&str, &str)]) -> String {
        let kept = self.controls.iter().filter(|control| Some(control.name) != without);
        let query: Vec<_> =
            kept.map(|control| (control.name, control.value.as_str())).chain(more.iter().copied()).collect();
        url(&self.path, &query)
    }

    /// The form, what it did not understand, and a pill for each condition.
    #[must_use]
    pub fn form(&self) -> Markup {
        let visit = self.visit;
        let pills: Vec<_> = self.controls.iter().filter(|control| !control.shown.is_empty()).collect();
        html! {
            form.line action=(self.path) role="search" aria-label=(visit.say("筛选", "Filter")) {
                @for control in &self.controls {
                    @match &control.input {
                        Some(input) => label { span { (control.label) } (input) },
                        None => input type="hidden" name=(control.name) value=(control.value);,
                    }
                }
                button { (visit.say("筛选", "Filter")) }
            }
            @for said in &self.said { (said) }
            @if !pills.is_empty() {
                ul.pills aria-label=(visit.say("当前条件", "Conditions")) {
                    @for control in pills {
                        li { a href=(self.url(Some(control.name), &[])) {
                            (control.label) (visit.say("：", ": ")) (control.shown) " "
                            span aria-hidden="true" { "×" } span.unseen { (visit.say("（去掉此条件）", "(take away)")) }
                        } }
                    }
                    li { a href=(self.path) { (visit.say("全部清除", "Clear all")) } }
                }
            }
        }
    }

    /// How many there are, where it was counted.
    #[must_use]
    pub fn total(&self, total: Option<i64>) -> Markup {
        html! {
            @if let Some(total) = total {
                p.detail role="status" { (self.visit.say("共 ", "")) (count(total)) (self.visit.say(" 条", " entries")) }
            }
        }
    }

    /// The ways to the first and to the next page.
    #[must_use]
    pub fn pager(&self, next: &str) -> Markup {
        let first = (!self.is_counted()).then(|| self.url(None, &[]));
        let next = (!next.is_empty()).then(|| self.url(None, &[("page", next)]));
        pager(self.visit, first.as_deref(), next.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::ServiceKind;

    fn asked(query: &[(&str, &str)]) -> Fields {
        Fields(query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[tokio::test]
    async fn what_an_address_asks_is_one_filter_and_each_condition_has_a_pill_that_takes_it_alone_away() {
        let visit = Visit::of_nobody("/list");
        let fields =
            asked(&[("q", "养老"), ("year", "2021"), ("kind", "PUBLIC"), ("origin", "synthetic"), ("page", "t")]);
        let listing = Listing::new(&visit, "/list", &fields)
            .search()
            .year()
            .choice::<ServiceKind>("kind", "service_kind", "服务类别", "Kind")
            .origin();
        let filter = "search(\"养老\") AND year = 2021 AND service_kind = PUBLIC AND provenance.is_synthetic = true";
        assert_eq!(listing.filter(), filter);
        assert_eq!((listing.token().as_str(), listing.is_counted()), ("t", false));
        let form = listing.form().into_string();
        assert!(form.contains("href=\"/list?q=%E5%85%BB%E8%80%81&amp;kind=PUBLIC&amp;origin=synthetic\""), "{form}");
        assert!(form.contains("服务类别：公共服务"), "{form}");
        // A page's token belongs to one filter: no pill keeps it.
        assert!(!form.contains("page="), "{form}");
        assert!(listing.pager("n").into_string().contains("page=n"));
    }

    #[tokio::test]
    async fn what_a_list_does_not_know_is_left_out() {
        let visit = Visit::of_nobody("/list");
        let fields = asked(&[("year", "1=1"), ("kind", "PUBLIC OR x"), ("origin", "all"), ("order", "id; drop")]);
        let listing = Listing::new(&visit, "/list", &fields)
            .year()
            .choice::<ServiceKind>("kind", "service_kind", "服务类别", "Kind")
            .origin()
            .ordered(&[("", "", "登记次序", "As registered"), ("title", "title", "名称", "Title")]);
        assert_eq!((listing.filter(), listing.order()), (String::new(), String::new()));
        assert!(!listing.form().into_string().contains("pills"));
    }

    #[test]
    fn a_text_of_the_address_stays_a_text_in_the_filter() {
        assert_eq!(quoted("养老"), "\"养老\"");
        assert_eq!(quoted("a\" OR year = 1 \\ *\n"), "\"a\\\" OR year = 1 \\\\ \\*\"");
    }
}
