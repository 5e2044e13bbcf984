//! Regions that a request names, and what lies inside them.

use procurement::region::{Level, RegionCode};
use store::register::Condition;
use tonic::Status;

use super::Registrar;
use crate::errors;

/// The code of a region that a request's field names; INVALID_ARGUMENT when no region of any time has it.
pub fn region_code(registrar: &Registrar, field: &str, name: &str) -> Result<RegionCode, Status> {
    let code = name.strip_prefix("regions/").and_then(|code| code.parse::<RegionCode>().ok());
    let regions = registrar.regions();
    code.filter(|code| regions.periods(code).next().is_some()).ok_or_else(|| {
        let en = "no region of any time has this name; regions/330000 is Zhejiang";
        errors::field(field, en, "没有这个行政区划;浙江省为 regions/330000")
    })
}

/// Entries whose region is this one or lies inside it by its digits.
#[must_use]
pub fn inside(column: &'static str, region: &RegionCode) -> Condition {
    let code = region.as_str();
    let stem = match region.level() {
        Level::Nation => return Condition::All(Vec::new()),
        Level::Province => &code[..2],
        Level::City => &code[..4],
        Level::County | Level::Township | Level::Village => code,
    };
    Condition::StartsWith(column, stem.to_owned())
}
