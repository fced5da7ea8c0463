import { useEffect } from 'preact/hooks';
import { mayLead } from '../api/session';
import { GeneratorProvidersCard, GeneratorSettingsCard, GeneratorUsageCard } from '../components/generators';
import { Page, PageSkeleton } from '../components/page';
import { Empty, Failed } from '../components/states';
import { generators, generatorUsage, leaveGenerators, loadGenerators } from '../state/generators';

/** Who writes drafts, for how much, and what it came to. */
export function GeneratorsPage() {
  const may = mayLead.value;
  useEffect(() => {
    if (may) void loadGenerators();
    return leaveGenerators;
  }, [may]);
  const known = generators.value.value;
  const usage = generatorUsage.value.value;
  const hasFailed = generators.state.value === 'failed' || generatorUsage.state.value === 'failed';
  return (
    <Page title="Generators" lead="Language models that write drafts, what they may cost, and what they did.">
      {!may ? (
        <Empty icon="lock" title="Generators are for managers and those who run the account." />
      ) : hasFailed ? (
        <Failed
          title="The generators could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadGenerators()}
        />
      ) : known && usage ? (
        <>
          <GeneratorSettingsCard known={known} />
          <GeneratorProvidersCard known={known} />
          <GeneratorUsageCard known={usage} />
        </>
      ) : (
        <PageSkeleton what="the generators" />
      )}
    </Page>
  );
}
