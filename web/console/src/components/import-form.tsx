import { useEffect, useRef, useState } from 'preact/hooks';
import type { ArticleState, ImportFile, ImportOutcome, ImportReport, ImportRow } from '../../../shared/articles';
import { fileSize } from '../../../shared/files';
import { importArticles } from '../api/articles';
import { ACCEPTED, bytesOf, importProblem, inSum, isText, joined, readUrls } from '../state/import-files';
import { reasonOf } from '../state/reason-of';
import { pageHref } from '../state/router';
import { Icon } from './icon';
import { IndexState } from './index-state';

/** Files and addresses are checked first, row by row, and then stored together or not at all. */
export function ImportForm() {
  const [files, setFiles] = useState<ImportFile[]>([]);
  const [addresses, setAddresses] = useState('');
  const [state, setState] = useState<ArticleState>('draft');
  const [reading, setReading] = useState<{ done: number; n: number } | null>(null);
  const [skipped, setSkipped] = useState<string[]>([]);
  const [busy, setBusy] = useState<'checking' | 'importing' | null>(null);
  const [error, setError] = useState('');
  /** Of what is chosen now. */
  const [report, setReport] = useState<ImportReport | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const change = (act: () => void) => {
    setReport(null);
    setError('');
    act();
  };

  const add = async (chosen: Chosen[]) => {
    const texts = chosen.filter(({ path }) => isText(path));
    change(() => setSkipped(chosen.filter(({ path }) => !isText(path)).map(({ path }) => path)));
    const read: ImportFile[] = [];
    setReading({ done: 0, n: texts.length });
    for (const { path, file } of texts) {
      try {
        read.push({ path, text: await file.text() });
      } catch {
        setSkipped((before) => [...before, path]);
      }
      setReading({ done: read.length, n: texts.length });
    }
    setReading(null);
    setFiles((before) => joined(before, read));
  };

  const run = async (isDry: boolean) => {
    if (busy || reading) return;
    const read = readUrls(addresses);
    const problem = importProblem(files, read);
    setError(problem);
    if (problem) return;
    setBusy(isDry ? 'checking' : 'importing');
    try {
      setReport(await importArticles({ files, urls: read.urls, state, dry_run: isDry }));
      setTimeout(() => heading.current?.focus(), 0);
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was stored. Please try again.'));
    }
    setBusy(null);
  };

  if (report?.is_stored) return <Stored report={report} heading={heading} />;
  return (
    <>
      <form
        class="card editor import-form"
        aria-label="What to import"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void run(true);
        }}
      >
        <FileChoice add={(chosen) => void add(chosen)} />
        <div role="status">
          {reading && (
            <p class="import-reading">
              <progress value={reading.done} max={Math.max(reading.n, 1)} aria-label="Reading the files" />
              Reading {reading.done} of {reading.n} files
            </p>
          )}
          {files.length > 0 && !reading && (
            <p class="import-chosen">
              {files.length === 1 ? '1 file' : `${files.length} files`}, {fileSize(bytesOf(files))}
              <button type="button" class="button ghost" onClick={() => change(() => setFiles([]))}>
                Take them out
              </button>
            </p>
          )}
          {skipped.length > 0 && (
            <p class="warn">
              Left out, as they are no text that can be read: {skipped.slice(0, 5).join(', ')}
              {skipped.length > 5 && ` and ${skipped.length - 5} more`}
            </p>
          )}
        </div>
        <label>
          <span>Addresses of pages, one a line. Each is looked at again every day</span>
          <textarea
            rows={3}
            spellcheck={false}
            value={addresses}
            placeholder="https://www.example.com/help/returns"
            onInput={(event) => {
              const text = event.currentTarget.value;
              change(() => setAddresses(text));
            }}
          />
        </label>
        <label>
          <span>New articles are</span>
          <select
            value={state}
            onChange={(event) => {
              const chosen = event.currentTarget.value as ArticleState;
              change(() => setState(chosen));
            }}
          >
            <option value="draft">drafts, to be read first</option>
            <option value="published">published at once</option>
          </select>
        </label>
        <div role="alert">
          {error && (
            <p class="form-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        <div class="editor-actions">
          <button type="submit" class="button primary" disabled={busy !== null || reading !== null}>
            {busy === 'checking' ? 'Checking…' : 'Check'}
          </button>
        </div>
        {busy && <progress class="import-busy" aria-label={busy === 'checking' ? 'Checking' : 'Importing'} />}
      </form>
      {report && <Report report={report} heading={heading} isBusy={busy !== null} run={() => void run(false)} />}
    </>
  );
}

interface Chosen {
  path: string;
  file: File;
}

function FileChoice({ add }: { add: (chosen: Chosen[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [dropping, setDropping] = useState(false);
  useEffect(() => {
    // Preact's types do not know it as an attribute.
    if (folder.current) folder.current.webkitdirectory = true;
  }, []);
  const onChange = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    add([...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    input.value = '';
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be dropped on in every browser.
    <div
      class={`drop ${dropping ? 'dropping' : ''}`}
      role="group"
      aria-label="Files"
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        void dropped(event.dataTransfer).then(add);
      }}
    >
      <Icon name="import" />
      <p>
        Drop files or a folder here: .md, .txt, .html, or .csv with the columns title and body (or question and answer).
      </p>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        aria-label="Files to import"
        onChange={onChange}
      />
      <input ref={folder} type="file" multiple hidden aria-label="Folder to import" onChange={onChange} />
      <span class="drop-buttons">
        <button type="button" class="button" onClick={() => picker.current?.click()}>
          Choose files
        </button>
        <button type="button" class="button" onClick={() => folder.current?.click()}>
          Choose a folder
        </button>
      </span>
    </div>
  );
}

/** Everything that was dropped, with what is in its folders. */
async function dropped(data: DataTransfer | null): Promise<Chosen[]> {
  // Asked for now: the list is empty once this function has waited for anything.
  const entries = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry());
  const found: Chosen[] = [];
  for (const entry of entries) if (entry) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: Chosen[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time, until there are none.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const child of part) await collect(child, found);
  }
}

interface ReportProps {
  report: ImportReport;
  heading: { current: HTMLHeadingElement | null };
}

function Report({ report, heading, isBusy, run }: ReportProps & { isBusy: boolean; run: () => void }) {
  const n = report.n_new + report.n_changed;
  return (
    <section class="card" aria-labelledby="report-title">
      <header class="card-head">
        <h3 id="report-title" ref={heading} tabIndex={-1}>
          {report.n_broken > 0 ? 'Nothing is stored yet: some rows have a problem' : 'This would be stored'}
        </h3>
        <button type="button" class="button primary" disabled={isBusy || report.n_broken > 0 || n === 0} onClick={run}>
          {isBusy ? 'Importing…' : n === 1 ? 'Import 1 article' : `Import ${n} articles`}
        </button>
      </header>
      <p role="status">{inSum(report)}.</p>
      <Rows rows={report.rows} />
    </section>
  );
}

function Stored({ report, heading }: ReportProps) {
  return (
    <section class="card" aria-labelledby="report-title">
      <header class="card-head">
        <h3 id="report-title" ref={heading} tabIndex={-1}>
          Imported
        </h3>
        <a class="button primary" href={pageHref('articles')}>
          Look at the articles
        </a>
      </header>
      <p role="status">{inSum(report)}.</p>
      <IndexState onMoved={() => {}} />
      <Rows rows={report.rows} />
    </section>
  );
}

const OUTCOMES: Record<ImportOutcome, { name: string; shade: string }> = {
  new: { name: 'New', shade: 'resolved' },
  changed: { name: 'Changed', shade: 'active' },
  unchanged: { name: 'As before', shade: '' },
  broken: { name: 'Problem', shade: 'escalated' },
};

/** Those with a problem first: they are what has to be mended. */
function Rows({ rows }: { rows: ImportRow[] }) {
  const sorted = [...rows.filter(isBroken), ...rows.filter((row) => !isBroken(row))];
  return (
    <div class="table-scroll import-rows">
      <table class="accuracy">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Title</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={`${row.source} ${row.line ?? 0}`}>
              <th scope="row">
                {row.source}
                {row.line !== undefined && <span class="zero"> line {row.line}</span>}
              </th>
              <td>
                {row.title ?? '–'}
                {row.problem && <span class="import-problem">{row.problem}</span>}
              </td>
              <td>
                <span class={`chip status ${OUTCOMES[row.outcome].shade}`}>{OUTCOMES[row.outcome].name}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isBroken(row: ImportRow): boolean {
  return row.outcome === 'broken';
}
