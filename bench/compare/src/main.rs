//! Asks Bailiwick, Cedar and Casbin the same questions about the same generated account, and prints how long each takes.
//!
//! `cargo run --release -p bailiwick-compare` is the whole comparison. Every answer of Cedar and Casbin is compared with
//! Bailiwick's: a difference ends the run with an error. Questions are texts, as they come out of a request; what each
//! engine makes of a text is part of its time.

mod cedar;
mod dataset;
mod rbac;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::Parser;

use dataset::{Asked, Dataset, Size};

/// The same questions to Bailiwick, Cedar and Casbin.
#[derive(Debug, Parser)]
struct Options {
    /// Members of the large account; it has a tenth as many grants and as many resources.
    #[arg(long, default_value_t = 100_000)]
    members: usize,
    /// Accounts of a few members beside the large one.
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    /// What the data follow from.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Seconds for each engine at most; those that take milliseconds for a question answer fewer.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Questions that are asked in turn.
const QUESTIONS: usize = 65_536;

/// What an engine took.
struct Figure {
    what: &'static str,
    prepared: Duration,
    median: Duration,
    answered: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let size = Size { members: options.members, accounts: options.accounts };
    let began = Instant::now();
    let data = Dataset::generate(options.seed, size)?;
    let questions = data.questions(QUESTIONS);
    let prepared = began.elapsed();
    let allowed = questions.iter().filter(|asked| data.bailiwick(asked)).count();
    println!(
        "seed {}: {} accounts; in the large one {} members, {} grants, {} resources; {allowed} of {} answers are yes\n",
        options.seed,
        data.small.len() + 1,
        data.account.member_count(),
        data.grants.len(),
        data.resources.len(),
        questions.len(),
    );
    let patience = Duration::from_secs(options.seconds);
    let mut figures = vec![timed("Bailiwick", prepared, &questions, patience, |asked| data.bailiwick(asked))];
    for form in [cedar::Form::Few, cedar::Form::OneForEachGrant] {
        let began = Instant::now();
        let engine = cedar::Engine::new(&data, form)?;
        let prepared = began.elapsed();
        let mut failure = None;
        let figure = timed(form.name(), prepared, &questions, patience, |asked| {
            let answer = engine.answer(asked).unwrap_or_else(|error| {
                failure = Some(error);
                false
            });
            if answer != data.bailiwick(asked) {
                failure.get_or_insert_with(|| format!("{}: another answer to {asked:?}", form.name()).into());
            }
            answer
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        figures.push(figure);
    }
    let began = Instant::now();
    let engine = rbac::Engine::new(&data)?;
    let prepared = began.elapsed();
    let mut failure = None;
    figures.push(timed("Casbin, RBAC with resource roles", prepared, &questions, patience, |asked| {
        let answer = engine.answer(asked).unwrap_or_else(|error| {
            failure = Some(error);
            false
        });
        if answer != data.bailiwick(asked) {
            failure.get_or_insert_with(|| format!("Casbin: another answer to {asked:?}").into());
        }
        answer
    }));
    if let Some(failure) = failure {
        return Err(failure);
    }
    print(&figures);
    Ok(())
}

/// The median over questions asked in turn until patience ends. The time of asking Bailiwick for comparison is in the
/// others' figures; it is a hundredth of theirs or less.
fn timed(
    what: &'static str,
    prepared: Duration,
    questions: &[Asked],
    patience: Duration,
    mut answer: impl FnMut(&Asked) -> bool,
) -> Figure {
    // Fast ones are timed in batches, since reading the clock takes as long as they do.
    const BATCH: usize = 64;
    let began = Instant::now();
    let mut first = Instant::now();
    black_box(questions.first().map(&mut answer));
    let is_slow = first.elapsed() > Duration::from_micros(100);
    let mut times = Vec::new();
    let mut answered = 0;
    for batch in questions.chunks(if is_slow { 1 } else { BATCH }) {
        first = Instant::now();
        for asked in batch {
            black_box(answer(black_box(asked)));
        }
        times.push(first.elapsed() / u32::try_from(batch.len()).unwrap_or(1));
        answered += batch.len();
        if began.elapsed() > patience {
            break;
        }
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Figure { what, prepared, median, answered }
}

fn print(figures: &[Figure]) {
    println!("| engine | one question | questions | preparing |\n|---|---|---|---|");
    for Figure { what, prepared, median, answered } in figures {
        println!("| {what} | {median:.1?} | {answered} | {prepared:.1?} |");
    }
}
