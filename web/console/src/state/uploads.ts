import { computed, type Signal, signal } from '@preact/signals';
import { MAX_FILES, problemOf } from '../../../shared/files';
import type { Attachment } from '../../../shared/wire';
import { uploadAttachment } from '../api/attachments';
import { ApiError } from '../api/http';
import { newId } from './ids';
import { toast } from './toasts';

/** A file beside the text that is being written. */
export interface Upload {
  id: string;
  name: string;
  sizeBytes: number;
  /** The part that is sent, 0 to 1. */
  part: number;
  attachment?: Attachment;
  error?: string;
}

/** The files of one message that is being written. They are uploaded at once, so that sending it takes no longer. */
export class Uploads {
  readonly list: Signal<Upload[]> = signal([]);
  /** Whether a message can be sent now: nothing is under way. */
  readonly settled = computed(() => this.list.value.every((upload) => upload.attachment || upload.error));
  readonly ready = computed(() => this.list.value.flatMap((upload) => upload.attachment ?? []));

  private readonly stops = new Map<string, AbortController>();

  constructor(private readonly conversationId: string) {}

  add(files: Iterable<File>): void {
    for (const file of files) {
      const full = this.list.value.length >= MAX_FILES;
      const problem = full ? `At most ${MAX_FILES} files go with a message.` : problemOf(file);
      if (problem) toast(`${file.name}: ${problem}`, { kind: 'error' });
      else void this.upload(file);
    }
  }

  remove(id: string): void {
    this.stops.get(id)?.abort();
    this.list.value = this.list.value.filter((upload) => upload.id !== id);
  }

  /** The files to send; from here on none is chosen. */
  take(): Attachment[] {
    const sent = this.ready.value;
    this.list.value = [];
    return sent;
  }

  private async upload(file: File): Promise<void> {
    const id = newId();
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.list.value = [...this.list.value, { id, name: file.name, sizeBytes: file.size, part: 0 }];
    try {
      const attachment = await uploadAttachment(
        this.conversationId,
        file,
        (part) => this.change(id, { part }),
        stop.signal,
      );
      this.change(id, { attachment, part: 1 });
    } catch (error) {
      if (stop.signal.aborted) return;
      this.change(id, { error: error instanceof ApiError ? error.message : 'It could not be uploaded.' });
    } finally {
      this.stops.delete(id);
    }
  }

  private change(id: string, change: Partial<Upload>): void {
    this.list.value = this.list.value.map((upload) => (upload.id === id ? { ...upload, ...change } : upload));
  }
}
