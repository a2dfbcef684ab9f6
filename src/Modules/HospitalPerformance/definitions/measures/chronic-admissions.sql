-- id: chronic-admissions
-- title: 慢病健康管理人群住院率
-- english: Admissions of those managed for a chronic illness
-- norm: 紧密型县域医共体监测（2024 年）保健康；官方公式未公开可读，按常见口径
-- edition: "2024"
-- direction: lower
-- denominator: 年内已管理的高血压、2 型糖尿病患者（一人只计一次）
-- exclusion: 死亡者
-- numerator: 年内因该病或其并发症住过院的患者（住院就诊记录的原因为 I10～I15、I20～I25、I60～I69、E11、N18；县外住院没有传入的不在内）
-- reasons:
--   admitted: 年内因该病或并发症住院
--   other: 年内住院，原因不是该病
--   none: 年内没有住院记录
WITH managed AS (
    SELECT e.person, last(e.organisation ORDER BY e.start_on, e.id) AS organisation
    FROM episode e
    WHERE e.programme IN ('hypertension', 'diabetes') AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start())
    GROUP BY e.person
),
stay AS (
    SELECT e.person, bool_or(coalesce(regexp_matches(e.reason, '^(I1[0-5]|I2[0-5]|I6[0-9]|E11|N18)'), false)) AS for_it,
        last(e.id ORDER BY coalesce(regexp_matches(e.reason, '^(I1[0-5]|I2[0-5]|I6[0-9]|E11|N18)'), false), e.start_on, e.id) AS id
    FROM encounter e
    WHERE e.class = 'IMP' AND e.status NOT IN ('cancelled', 'entered-in-error', 'planned') AND e.start_on BETWEEN year_start() AND as_of()
    GROUP BY e.person
)
SELECT m.person,
    coalesce(p.organisation, m.organisation) AS organisation,
    true AS denominator,
    coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(s.for_it, false) AS numerator,
    CASE WHEN s.for_it THEN 'admitted' WHEN s.person IS NOT NULL THEN 'other' ELSE 'none' END AS reason,
    'Encounter/' || s.id AS evidence
FROM managed m
JOIN patient p ON p.person = m.person
LEFT JOIN stay s ON s.person = m.person
