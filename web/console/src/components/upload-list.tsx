import { fileSize } from '../../../shared/files';
import type { Uploads } from '../state/uploads';
import { Icon } from './icon';

/** The files beside the text, with how far each is. */
export function UploadList({ uploads }: { uploads: Uploads }) {
  const list = uploads.list.value;
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Files to send">
      {list.map((upload) => (
        <li key={upload.id} class={upload.error ? 'upload bad' : 'upload'}>
          <Icon name="file" />
          <span class="upload-name" title={upload.name}>
            {upload.name}
          </span>
          {upload.error ? (
            <span class="upload-note" role="alert">
              {upload.error}
            </span>
          ) : (
            <span class="upload-note">{fileSize(upload.sizeBytes)}</span>
          )}
          {!upload.error && !upload.attachment && (
            <progress value={upload.part} max={1} aria-label={`Uploading ${upload.name}`} />
          )}
          <button type="button" aria-label={`Remove ${upload.name}`} onClick={() => uploads.remove(upload.id)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
