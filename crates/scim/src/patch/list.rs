//! The elements of a multi-valued attribute while a PATCH works on them: found by an index, never moved or copied.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::budget::{Budget, COPY, weight};
use super::elements::{alone, merged, replaced, set};
use super::request::Operator;
use crate::filter::ElementFilter;
use crate::json::Object;
use crate::path::AttributeRef;
use crate::protocol::error::Error;
use crate::schema::Attribute;
use crate::value::{self, absorb, identities, identity, is_primary, unite};

/// One attribute's elements, each in a place of its own until the end.
pub(super) struct List {
    pub(super) target: AttributeRef,
    /// Where an element was taken away a hole is left.
    places: Vec<Option<Value>>,
    /// What identifies each element, with its place; built when it is first needed.
    index: Option<BTreeSet<(String, usize)>>,
    /// The place that alone can be primary; unknown until a first element becomes primary.
    primary: Option<usize>,
}

impl List {
    pub(super) fn new(target: AttributeRef, elements: Vec<Value>) -> Self {
        let places = elements.into_iter().map(Some).collect();
        Self { target, places, index: None, primary: None }
    }

    pub(super) fn into_elements(self) -> Vec<Value> {
        self.places.into_iter().flatten().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// Appends what is not there yet (RFC 7644 §3.5.2.1); what is there takes the sub-attributes given.
    pub(super) fn add(&mut self, value: &Value, place: &str, budget: &mut Budget) -> Result<(), Error> {
        let new = elements(&self.target.attribute, value, place)?;
        let mut primary = None;
        for element in new {
            let says_primary = is_primary(&element);
            let key = identity(&self.target.attribute, &element);
            let twin = self.twin(&key, budget)?;
            let at = twin.unwrap_or(self.places.len());
            if twin.is_none() {
                self.index(budget)?.insert((key, at));
                self.places.push(Some(element));
            } else if let Some(there) = &mut self.places[at]
                && !self.target.attribute.identified()
            {
                absorb(there, element);
            }
            if says_primary {
                primary = Some(at);
            }
        }
        primary.map_or(Ok(()), |at| self.only_primary(at, budget))
    }

    /// The list that replaces the present one; removing and `null` leave none.
    pub(super) fn replace(&mut self, operator: Operator, value: &Value, place: &str) -> Result<(), Error> {
        let gone = operator == Operator::Remove || value.is_null();
        if gone && self.target.attribute.required {
            return Err(Error::mutability(format!("\"{place}\" is required and cannot be removed.")));
        }
        let new = if gone { Vec::new() } else { elements(&self.target.attribute, value, place)? };
        *self = Self::new(self.target.clone(), new);
        Ok(())
    }

    /// The places of all elements.
    pub(super) fn every(&self) -> Vec<usize> {
        (0..self.places.len()).filter(|at| self.places[*at].is_some()).collect()
    }

    /// The places of the elements that satisfy the filter. A filter that names values is asked about those alone.
    pub(super) fn matching(
        &mut self,
        filter: &ElementFilter,
        budget: &mut Budget,
    ) -> Result<Vec<usize>, Error> {
        let candidates = match filter.named() {
            Some(values) => {
                budget.spend(values.len())?;
                let attribute = Arc::clone(&self.target.attribute);
                let index = self.index(budget)?;
                let named = values.iter().flat_map(|value| {
                    let keys = identities(&attribute, value);
                    index.range((keys.start, 0)..(keys.end, 0)).map(|(_, at)| *at)
                });
                let mut named: Vec<usize> = named.collect();
                named.sort_unstable();
                named
            }
            None => self.every(),
        };
        let terms = filter.terms();
        let mut matching = Vec::new();
        for at in candidates {
            let Some(element) = &self.places[at] else { continue };
            budget.spend(weight(element).saturating_mul(terms))?;
            if filter.matches(&self.target.attribute, element) {
                matching.push(at);
            }
        }
        Ok(matching)
    }

    /// Changes the chosen elements, or one sub-attribute of each; removing and `null` take them away.
    pub(super) fn change(
        &mut self,
        chosen: &[usize],
        sub: Option<&Attribute>,
        operator: Operator,
        value: &Value,
        place: &str,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let value = if operator == Operator::Remove { &Value::Null } else { value };
        match sub {
            None if value.is_null() => self.remove(chosen, budget),
            // RFC 7644 §3.5.2.3: with a filter the whole matching element is replaced.
            None => self.change_each(chosen, None, value, place, budget, |attribute, stored| {
                replaced(attribute, stored, operator, value, place)
            }),
            // An address is not kept: it names the value.
            Some(sub) if sub.name == "$ref" => {
                let given = Object::from_iter([(sub.name.clone(), value.clone())]);
                self.change_each(chosen, None, value, place, budget, |attribute, stored| {
                    merged(attribute, Some(stored), &given, place)
                })
            }
            Some(sub) => {
                let place = format!("{place}.{}", sub.name);
                let new = value::canonical(sub, value, &place)?;
                self.change_each(chosen, Some(sub), value, &place, budget, |_, stored| match stored {
                    Value::Object(mut object) => {
                        set(&mut object, sub, new.clone(), &place)?;
                        Ok((!object.is_empty()).then_some(Value::Object(object)))
                    }
                    simple => Ok(Some(simple)),
                })
            }
        }
    }

    fn remove(&mut self, chosen: &[usize], budget: &mut Budget) -> Result<(), Error> {
        budget.spend(chosen.len())?;
        for &at in chosen {
            if let Some(gone) = self.places[at].take()
                && let Some(index) = &mut self.index
            {
                index.remove(&(identity(&self.target.attribute, &gone), at));
            }
        }
        Ok(())
    }

    fn change_each(
        &mut self,
        chosen: &[usize],
        sub: Option<&Attribute>,
        value: &Value,
        place: &str,
        budget: &mut Budget,
        change: impl Fn(&Attribute, Value) -> Result<Option<Value>, Error>,
    ) -> Result<(), Error> {
        budget.spend(weight(value).saturating_mul(chosen.len()).saturating_mul(COPY))?;
        let (mut rekeyed, mut primary, mut one_more) = (Vec::new(), Vec::new(), false);
        for &at in chosen {
            let Some(stored) = self.places[at].take() else { continue };
            // An element with a value stays the same one unless its value or type changes.
            let stays = stored.get("value").is_some()
                && sub.is_some_and(|sub| !matches!(sub.name.as_str(), "value" | "type"));
            let old = (!stays).then(|| identity(&self.target.attribute, &stored));
            let was_primary = is_primary(&stored);
            let new = change(&self.target.attribute, stored)?;
            if new.as_ref().is_some_and(is_primary) {
                primary.push(at);
                one_more |= !was_primary;
            }
            let key = new.as_ref().filter(|_| !stays).map(|new| identity(&self.target.attribute, new));
            self.places[at] = new;
            if key != old {
                rekeyed.extend(key.map(|_| at));
                if let (Some(index), Some(old)) = (&mut self.index, old) {
                    index.remove(&(old, at));
                }
            }
        }
        self.unite_twins(&rekeyed, &mut primary, budget)?;
        match primary.as_slice() {
            [one] if one_more => self.only_primary(*one, budget),
            [_, _, ..] if one_more => Err(Error::invalid_value(format!(
                "\"{place}\" can have one primary value, the path names several."
            ))),
            _ => Ok(()),
        }
    }

    /// RFC 7643 §2.4: elements that a change has made equal to others become one with them.
    fn unite_twins(
        &mut self,
        rekeyed: &[usize],
        primary: &mut Vec<usize>,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let changed: Vec<(usize, Option<Value>)> =
            rekeyed.iter().map(|at| (*at, self.places[*at].take())).collect();
        for (at, element) in changed {
            let Some(mut element) = element else { continue };
            let key = identity(&self.target.attribute, &element);
            let mut place = at;
            if let Some(twin) = self.twin(&key, budget)?
                && let Some(mut there) = self.places[twin].take()
            {
                unite(&mut there, element);
                element = there;
                place = at.min(twin);
                for moved in primary.iter_mut().filter(|moved| [at, twin].contains(moved)) {
                    *moved = place;
                }
                if self.primary.is_some_and(|primary| [at, twin].contains(&primary)) {
                    self.primary = Some(place);
                }
                self.index(budget)?.remove(&(key.clone(), twin));
            }
            self.index(budget)?.insert((key, place));
            self.places[place] = Some(element);
        }
        primary.sort_unstable();
        primary.dedup();
        Ok(())
    }

    /// Appends the element that the literals of a filter describe, with the value given.
    pub(super) fn create(
        &mut self,
        literals: &Object,
        sub: Option<&Attribute>,
        value: &Value,
        place: &str,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let mut element = literals.clone();
        match (sub, alone(value)) {
            (Some(sub), _) => {
                element.insert(sub.name.clone(), value.clone());
            }
            (None, Value::Object(given)) => element.extend(given.iter().map(|(name, value)| {
                let name = self.target.attribute.sub(name).map_or(name, |sub| &sub.name);
                (name.clone(), value.clone())
            })),
            (None, _) => return Err(Error::invalid_value(format!("\"{place}\" holds objects."))),
        }
        self.add(&Value::Object(element), place, budget)
    }

    /// The place of the first element with this identity.
    fn twin(&mut self, key: &str, budget: &mut Budget) -> Result<Option<usize>, Error> {
        let first = self.index(budget)?.range((key.to_owned(), 0)..).next();
        Ok(first.filter(|(found, _)| found == key).map(|(_, at)| *at))
    }

    /// The index, built if it is not there.
    fn index(&mut self, budget: &mut Budget) -> Result<&mut BTreeSet<(String, usize)>, Error> {
        if self.index.is_none() {
            budget.spend(self.places.len().saturating_mul(COPY))?;
        }
        let (attribute, places) = (&self.target.attribute, &self.places);
        Ok(self.index.get_or_insert_with(|| {
            let there = places.iter().enumerate();
            there.filter_map(|(at, element)| Some((identity(attribute, element.as_ref()?), at))).collect()
        }))
    }

    /// RFC 7644 §3.5.2: a new primary value ends the old one.
    fn only_primary(&mut self, keep: usize, budget: &mut Budget) -> Result<(), Error> {
        let others = match self.primary.replace(keep) {
            Some(known) => known..known + 1,
            None => 0..self.places.len(),
        };
        budget.spend(others.len())?;
        for at in others.filter(|at| *at != keep) {
            if let Some(element) = self.places[at].as_mut().filter(|element| is_primary(element)) {
                element["primary"] = Value::Bool(false);
            }
        }
        Ok(())
    }
}

/// The elements that an operation carries, one or a list; `[]` is the only way to say that there are none.
fn elements(attribute: &Attribute, value: &Value, place: &str) -> Result<Vec<Value>, Error> {
    let one = std::slice::from_ref(value);
    let given = value.as_array().map_or(one, Vec::as_slice);
    let elements = value::canonical_elements(attribute, given, &place)?;
    if elements.is_empty() && !given.is_empty() {
        return Err(Error::invalid_value(format!("\"{place}\" gets no value: send [] to take all away.")));
    }
    Ok(elements)
}
