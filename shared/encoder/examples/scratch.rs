use std::io::Cursor;
use std::time::Instant;
use tract_onnx::prelude::*;
#[allow(clippy::disallowed_methods)]
fn main() -> TractResult<()> {
    let path = std::env::args().nth(1).unwrap();
    let bytes = std::fs::read(path)?;
    for fixed in [0usize, 16, 32, 64, 128] {
        let t = Instant::now();
        let mut m = onnx().model_for_read(&mut Cursor::new(&bytes))?;
        if fixed == 0 {
            let s = m.symbols.sym("L");
            m = m.with_input_fact(0, f32::fact(dims!(s, 384)).into())?;
        } else {
            m = m.with_input_fact(0, f32::fact([fixed, 384]).into())?;
        }
        let m = m.into_optimized()?;
        if std::env::args().nth(2).is_some() && fixed == 0 {
            println!("{m}");
            for n in m.nodes() {
                println!(
                    "{} {} {:?}",
                    n.id,
                    n.op().name(),
                    n.outputs
                        .iter()
                        .map(|o| o.fact.shape.clone())
                        .collect::<Vec<_>>()
                );
            }
        }
        let plan = m.into_runnable()?;
        println!("fixed {fixed} build {:?}", t.elapsed());
        let lens: Vec<usize> = if fixed == 0 {
            vec![16, 32, 64, 128]
        } else {
            vec![fixed]
        };
        for l in lens {
            let x = tract_ndarray::Array2::<f32>::from_shape_fn((l, 384), |(i, j)| {
                ((i * 31 + j * 7) % 13) as f32 * 0.01 - 0.06
            });
            let x: Tensor = x.into();
            let mut ts = vec![];
            for _ in 0..60 {
                let t = Instant::now();
                let _ = plan.run(tvec!(x.clone().into()))?;
                ts.push(t.elapsed().as_secs_f64() * 1e3);
            }
            ts.sort_by(f64::total_cmp);
            println!("  L={l} median {:.2} ms min {:.2}", ts[30], ts[0]);
        }
    }
    Ok(())
}
