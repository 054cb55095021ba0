//! Which exchanges were under way at the same time: what one of them changed, another one may have seen or not.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts exchanges that begin and end.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    begun: AtomicU64,
    under_way: AtomicU64,
}

/// One exchange, until it ends.
#[derive(Debug)]
pub(crate) struct UnderWay<'a> {
    traffic: &'a Traffic,
    /// In which order it began, from 0.
    pub(crate) number: u64,
    alone: bool,
    /// Whether another one was under way, once it is over.
    crowded: Option<bool>,
}

impl Traffic {
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        let others = self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay {
            traffic: self,
            number: self.begun.fetch_add(1, Ordering::SeqCst),
            alone: others == 0,
            crowded: None,
        }
    }
}

impl UnderWay<'_> {
    /// It is over: the endpoint has answered. To be said before the client learns the end of the answer, or the next
    /// request of the same client would seem to have met it.
    pub(crate) fn end(&mut self) -> bool {
        *self.crowded.get_or_insert_with(|| {
            let begun = self.traffic.begun.load(Ordering::SeqCst);
            self.traffic.under_way.fetch_sub(1, Ordering::SeqCst);
            !self.alone || begun != self.number + 1
        })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::Traffic;

    #[test]
    fn one_after_the_other_is_no_crowd() {
        let traffic = Traffic::default();
        for number in 0..3 {
            let mut one = traffic.begin();
            assert_eq!(one.number, number);
            assert!(!one.end());
        }
        drop(traffic.begin());
        assert!(!traffic.begin().end());
    }

    #[test]
    fn both_of_two_at_once_are_a_crowd() {
        let traffic = Traffic::default();
        let mut first = traffic.begin();
        let mut second = traffic.begin();
        assert!(first.end());
        let mut third = traffic.begin();
        assert!(second.end() && third.end());
        assert!(!traffic.begin().end());
    }
}
