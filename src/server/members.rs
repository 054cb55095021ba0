//! The members of a group: in the order in which they joined, found by id, changed one at a time.
//!
//! A PATCH changes them in place and notes how to take each step back, so that one change of a large group neither copies
//! nor compares the other members.

use std::collections::{BTreeMap, HashMap};

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Id of the user or group.
    pub(crate) value: String,
    /// What the client called it; shown only while the server does not know the member.
    pub(crate) display: Option<String>,
    /// What type the client said it has; as `display`.
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    by_order: BTreeMap<u64, Member>,
    order_of: HashMap<String, u64>,
    next: u64,
}

/// A step that was done, with what is needed to undo it.
#[derive(Debug)]
pub(crate) enum Step {
    Joined(String),
    Left(u64, Member),
    All(Members),
}

impl Members {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_order.is_empty()
    }

    pub(crate) fn contains(&self, value: &str) -> bool {
        self.order_of.contains_key(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.by_order.values()
    }

    /// Adds a member unless it is there.
    pub(crate) fn join(&mut self, member: Member, steps: &mut Vec<Step>) {
        if self.contains(&member.value) {
            return;
        }
        steps.push(Step::Joined(member.value.clone()));
        self.order_of.insert(member.value.clone(), self.next);
        self.by_order.insert(self.next, member);
        self.next += 1;
    }

    /// Removes a member; says whether it was there.
    pub(crate) fn leave(&mut self, value: &str, steps: &mut Vec<Step>) -> bool {
        let Some(order) = self.order_of.remove(value) else {
            return false;
        };
        if let Some(member) = self.by_order.remove(&order) {
            steps.push(Step::Left(order, member));
        }
        true
    }

    /// Removes everyone.
    pub(crate) fn clear(&mut self, steps: &mut Vec<Step>) {
        if !self.is_empty() {
            let next = self.next;
            steps.push(Step::All(std::mem::take(self)));
            self.next = next;
        }
    }

    /// Makes exactly these the members. Those who stay keep their place; nothing is noted when nobody joins or leaves.
    pub(crate) fn become_only(&mut self, wanted: Vec<Member>, steps: &mut Vec<Step>) {
        let staying: std::collections::HashSet<&str> =
            wanted.iter().map(|member| member.value.as_str()).collect();
        let leaving: Vec<String> = self
            .iter()
            .filter(|member| !staying.contains(member.value.as_str()))
            .map(|member| member.value.clone())
            .collect();
        for value in leaving {
            self.leave(&value, steps);
        }
        for member in wanted {
            self.join(member, steps);
        }
    }

    /// Takes steps back, the last one first.
    pub(crate) fn undo(&mut self, steps: Vec<Step>) {
        for step in steps.into_iter().rev() {
            match step {
                Step::Joined(value) => {
                    if let Some(order) = self.order_of.remove(&value) {
                        self.by_order.remove(&order);
                    }
                }
                Step::Left(order, member) => {
                    self.order_of.insert(member.value.clone(), order);
                    self.by_order.insert(order, member);
                }
                Step::All(before) => *self = before,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Members};

    fn member(value: &str) -> Member {
        Member {
            value: value.to_owned(),
            display: None,
            kind: None,
        }
    }

    fn values(members: &Members) -> Vec<&str> {
        members.iter().map(|member| member.value.as_str()).collect()
    }

    #[test]
    fn steps_can_be_taken_back() {
        let mut members = Members::default();
        for value in ["a", "b", "c"] {
            members.join(member(value), &mut Vec::new());
        }
        let mut steps = Vec::new();
        members.leave("b", &mut steps);
        members.join(member("d"), &mut steps);
        members.clear(&mut steps);
        members.join(member("e"), &mut steps);
        members.become_only(vec![member("f"), member("e")], &mut steps);
        assert_eq!(values(&members), ["e", "f"]);
        members.undo(steps);
        assert_eq!(values(&members), ["a", "b", "c"]);
        assert!(members.contains("b") && !members.contains("d"));
    }

    #[test]
    fn the_same_members_are_no_step() {
        let mut members = Members::default();
        members.join(member("a"), &mut Vec::new());
        members.join(member("b"), &mut Vec::new());
        let mut steps = Vec::new();
        members.become_only(vec![member("b"), member("a"), member("a")], &mut steps);
        members.join(member("a"), &mut steps);
        assert!(steps.is_empty());
    }
}
