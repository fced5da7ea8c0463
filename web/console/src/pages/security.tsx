import { useEffect } from 'preact/hooks';
import { NetworksCard } from '../components/networks';
import { Page, PageSkeleton } from '../components/page';
import { SecondFactorCard } from '../components/second-factor';
import { RecoveryCodesDialog, ShowCodeDialog } from '../components/second-factor-dialogs';
import { SecondFactorRuleCard } from '../components/second-factor-rule';
import { Failed } from '../components/states';
import { ZendeskCard } from '../components/zendesk-link';
import { ZeroTrustCard } from '../components/zero-trust';
import { asking, leaveSecurityPage, loadSecondFactor, madeCodes, secondFactor } from '../state/second-factor';

/** How one signs in, beyond the password. */
export function Security() {
  useEffect(() => {
    void loadSecondFactor();
    return leaveSecurityPage;
  }, []);
  const known = secondFactor.value.value;
  return (
    <Page title="Security" lead="How you sign in. It is yours in every account that you are a member of.">
      {known ? (
        <SecondFactorCard known={known} />
      ) : secondFactor.state.value === 'failed' ? (
        <Failed
          title="Your settings could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadSecondFactor()}
        />
      ) : (
        <PageSkeleton what="your settings" />
      )}
      <SecondFactorRuleCard />
      <NetworksCard />
      <ZeroTrustCard />
      <ZendeskCard />
      {asking.value && <ShowCodeDialog what={asking.value} />}
      {madeCodes.value && <RecoveryCodesDialog codes={madeCodes.value} />}
    </Page>
  );
}
