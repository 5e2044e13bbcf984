//! Many small histories, each from a seed: servers that misbehave anywhere, senders that die at any await. With `hold`
//! no letter is taken twice by a server, and none is called sent that was not.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use post::{Post, deliver};
use reply::outbox::{Outbox, State};

use crate::{
    fake::{Act, At, Fake, Script},
    outbox::Tables,
};

const SEEDS: u64 = 60;
const LETTERS: usize = 6;

/// A small generator of numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn script(&mut self) -> Script {
        const AT: [At; 8] = [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Text, At::End, At::Rset];
        const ACTS: [Act; 6] = [
            Act::Cut,
            Act::Say("450 later"),
            Act::Say("nonsense"),
            Act::SayAndCut("421 closing"),
            Act::SayAndCut("250 ok"),
            Act::Say("550 no"),
        ];
        (0..10)
            .map(|_| {
                let (at, act) = (AT[self.roll(8) as usize], ACTS[self.roll(6) as usize]);
                // A refusal before the login or during the text is no refusal of the letter.
                (at, self.roll(3) as usize, if at == At::Text { Act::Cut } else { act })
            })
            .collect()
    }
}

#[tokio::test]
async fn no_letter_is_taken_twice_and_none_is_called_sent_that_was_not() {
    let (mut sent, mut uncertain, mut killed) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let tables = Tables::default();
        let ids: Vec<_> = (0..LETTERS)
            .map(|number| {
                let id = format!("{:032x}", number + 1);
                tables.write(format!("Message-ID: <{id}@example.com>\r\n\r\nx\r\n").as_bytes())
            })
            .collect();
        let fake = Fake::watching(dice.script(), &tables).await;
        let mut post = Post::new(fake.settings());
        for _ in 0..40 {
            tables.days_later(2);
            tables.sort_left();
            let Some(letter) = tables.take("", Duration::ZERO).await.unwrap() else { continue };
            // The sender dies at one of its awaits, or lives.
            let mut polls_left = if dice.roll(2) == 0 { dice.roll(16) } else { u64::MAX };
            let ended = {
                let mut delivering = pin!(deliver(&mut post, &tables, &letter));
                poll_fn(|cx| {
                    if polls_left == 0 {
                        return Poll::Ready(None);
                    }
                    polls_left -= 1;
                    delivering.as_mut().poll(cx).map(Some)
                })
                .await
            };
            match ended {
                Some(Some(outcome)) => tables.ended(&letter, &outcome).await.unwrap(),
                Some(None) => {}
                None => {
                    killed += 1;
                    post = Post::new(fake.settings());
                }
            }
        }
        assert!(!fake.heard(|heard| heard.end_unnoted), "seed {seed}: an end came before the tables knew");
        for id in ids {
            let kept = tables.of(id);
            let mark = format!("Message-ID: <{}>", kept.outgoing.message_id);
            let taken = fake.heard(|heard| {
                heard.accepted.iter().filter(|text| text.windows(mark.len()).any(|at| at == mark.as_bytes())).count()
            });
            let expected = match kept.state {
                State::Sent => 1..=1,
                State::Uncertain => 0..=1,
                _ => 0..=0,
            };
            assert!(expected.contains(&taken), "seed {seed}, {id}: {kept:?}, taken {taken} times");
            sent += usize::from(kept.state == State::Sent);
            uncertain += usize::from(kept.state == State::Uncertain);
        }
    }
    // A simulation in which nothing happens would prove nothing.
    assert!(sent > 100 && uncertain > 10 && killed > 50, "{sent} sent, {uncertain} uncertain, {killed} killed");
}
