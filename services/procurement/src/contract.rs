//! An agreement with one or several providers, its supplements, payments and acceptance, and what the rules say of it.

mod rules;

use chrono::NaiveDate;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

pub use rules::{
    ACCEPTANCE_INVITES_USERS, AMENDMENTS, AMOUNT, FILED, PAYMENTS, PUBLISHED, SHARES, SIGNED_IN_TIME, TERM,
    check_contract,
};

use crate::{error::Error, money::Fen, party::PartyName, project::FileNo, rational};

/// Most providers of one contract.
pub const PROVIDERS_MAX: usize = 100;
/// Most supplements, and most payments.
pub const ENTRIES_MAX: usize = 10_000;

/// A provider's part of a contract: above 0, at most 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(BigRational);

impl Share {
    /// All of it.
    #[must_use]
    pub fn whole() -> Self {
        Self(BigRational::one())
    }

    /// Takes a fraction above 0 and at most 1.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn new(part: BigRational) -> Result<Self, Error> {
        if part.is_positive() && part <= BigRational::one() {
            Ok(Self(part))
        } else {
            Err(Error::malformed("share", &part.to_string(), "must be above 0 and at most 1"))
        }
    }

    /// Reads `1/3`, `60%`, `33.3%` or `0.6`.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if let Some((numerator, denominator)) = text.split_once('/') {
            let ((top, _), (bottom, _)) = (rational::parse(numerator)?, rational::parse(denominator)?);
            if bottom.is_zero() {
                return Err(Error::malformed("share", text, "divides by zero"));
            }
            return Self::new(top / bottom);
        }
        match text.strip_suffix(['%', '\u{ff05}']) {
            Some(percent) => Self::new(rational::parse(percent)?.0 / BigRational::from_integer(100.into())),
            None => Self::new(rational::parse(text)?.0),
        }
    }

    /// The fraction.
    #[must_use]
    pub fn get(&self) -> &BigRational {
        &self.0
    }
}

/// One provider of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who.
    pub provider: PartyName,
    /// How much of the contract.
    pub share: Share,
}

/// The four conditions under which a term may exceed a year (102号令 §24); all of them must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MultiYearBasis {
    /// 预算有保障 in the years to come.
    pub budget_is_assured: bool,
    /// 购买内容相对固定
    pub content_is_fixed: bool,
    /// 连续性强, 经费来源稳定
    pub funding_is_stable: bool,
    /// 价格变化幅度小
    pub price_is_steady: bool,
}

impl MultiYearBasis {
    /// The conditions that do not hold, in the words of the article.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        [
            (self.budget_is_assured, "预算有保障"),
            (self.content_is_fixed, "购买内容相对固定、连续性强"),
            (self.funding_is_stable, "经费来源稳定"),
            (self.price_is_steady, "价格变化幅度小"),
        ]
        .into_iter()
        .filter_map(|(holds, words)| (!holds).then_some(words))
        .collect()
    }
}

/// A supplement; negative where it takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// When it was signed.
    pub day: NaiveDate,
    /// By how much the amount changes.
    pub delta: Fen,
}

/// Money that went out; negative where it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// When.
    pub day: NaiveDate,
    /// How much.
    pub amount: Fen,
}

/// How the work was taken over (验收).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// When.
    pub day: NaiveDate,
    /// Whether it was found good.
    pub passed: bool,
    /// Whether those served took part; a duty for public services (实施条例 §45). `None`: not recorded.
    pub service_users_invited: Option<bool>,
}

/// A contract. What is not recorded is `None` and makes rules undetermined, not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its number.
    pub contract_no: FileNo,
    /// The amount signed.
    pub amount: Fen,
    /// Who delivers, and how much of it.
    pub parts: Vec<Part>,
    /// The day of the award letter (中标通知书).
    pub award_day: Option<NaiveDate>,
    /// The day of the signature.
    pub signed_day: Option<NaiveDate>,
    /// The first day of service.
    pub start_day: Option<NaiveDate>,
    /// The last day of service, inclusive.
    pub end_day: Option<NaiveDate>,
    /// The day it was made public.
    pub published_day: Option<NaiveDate>,
    /// The day a copy was filed.
    pub filed_day: Option<NaiveDate>,
    /// Whether it holds state or trade secrets and so is not published.
    pub is_secret: bool,
    /// Whether those served are the public.
    pub is_public_service: bool,
    /// Why its term exceeds a year, where it does.
    pub multi_year_basis: Option<MultiYearBasis>,
    /// Supplements, in any order.
    pub amendments: Vec<Amendment>,
    /// Payments, in any order.
    pub payments: Vec<Payment>,
    /// How it was taken over.
    pub acceptance: Option<Acceptance>,
}

impl Contract {
    /// The amount with all supplements.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn amended_amount(&self) -> Result<Fen, Error> {
        Fen::sum(std::iter::once(self.amount).chain(self.amendments.iter().map(|amendment| amendment.delta)))
    }

    /// Everything paid so far.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn paid(&self) -> Result<Fen, Error> {
        Fen::sum(self.payments.iter().map(|payment| payment.amount))
    }

    /// An amount split among the providers by their shares, in the order of the parts, to the fen (largest remainder).
    ///
    /// # Errors
    /// No parts, or shares whose common denominator leaves 64 bits.
    pub fn split(&self, amount: Fen) -> Result<Vec<Fen>, Error> {
        let shares: Vec<&BigRational> = self.parts.iter().map(|part| part.share.get()).collect();
        amount.split(&rational::whole_weights(&shares)?)
    }
}

#[cfg(test)]
mod tests;
