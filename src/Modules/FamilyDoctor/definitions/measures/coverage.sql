-- id: contract-coverage
-- title: 家庭医生签约率
-- english: Residents with a family-doctor contract
-- norm: 关于推进家庭医生签约服务高质量发展的指导意见（国卫基层发〔2022〕10 号）；75% 为 2035 年目标，年度目标由各县定
-- headline: 3
-- edition: "2022"
-- target: 0.75
-- denominator: 平台中的在管居民
-- exclusion: 死亡者
-- numerator: 基准日有一份有效签约协议的居民
-- reasons:
--   signed: 有有效协议
--   lapsed: 协议已到期或终止，尚未续签
--   refused: 拒签
--   never: 从未签约
WITH best AS (
    SELECT c.person,
        max(CASE WHEN c.start_on <= as_of() AND coalesce(c.end_on, DATE '9999-12-31') >= as_of() AND c.state IN ('active', 'signed', 'changed-team') THEN c.id END) AS valid,
        max(c.id) AS latest, arg_max(c.state, coalesce(c.start_on, DATE '0001-01-01')) AS state
    FROM contract c WHERE c.start_on IS NULL OR c.start_on <= as_of() GROUP BY c.person
)
SELECT p.person, p.organisation, p.active AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    b.valid IS NOT NULL AS numerator,
    CASE WHEN b.valid IS NOT NULL THEN 'signed' WHEN b.person IS NULL THEN 'never' WHEN b.state = 'refused' THEN 'refused' ELSE 'lapsed' END AS reason,
    'Contract/' || coalesce(b.valid, b.latest) AS evidence
FROM patient p LEFT JOIN best b ON b.person = p.person
