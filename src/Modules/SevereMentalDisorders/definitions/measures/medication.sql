-- id: smd-medication
-- title: 严重精神障碍患者服药率
-- english: Severe mental disorders on medication
-- norm: 严重精神障碍管理治疗工作规范（2018 年版） 工作指标
-- edition: "2017"
-- target: 0.80
-- sensitivity: MentalHealth
-- denominator: 登记在册的确诊患者
-- exclusion: 死亡者
-- numerator: 年内最近一次随访在服药（规律或间断）或正在住院的患者
-- reasons:
--   taking: 最近一次随访在服药或住院
--   not-taking: 最近一次随访未服药
--   lost: 本年没有随访记录
WITH registered AS (
    SELECT e.person, any_value(e.organisation) AS organisation, min(e.start_on) AS start_on FROM episode e
    WHERE e.programme = 'severe-mental-disorders' AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start()) GROUP BY e.person
),
latest AS (
    SELECT f.person, arg_max(f.truth, f.date) AS truth, arg_max(f.id, f.date) AS id FROM fact f
    WHERE f.programme = 'severe-mental-disorders' AND f.name = 'taking-drugs' AND f.truth IS NOT NULL AND f.date BETWEEN year_start() AND as_of() GROUP BY f.person
)
SELECT r.person, coalesce(p.organisation, r.organisation) AS organisation, true AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(l.truth, false) AS numerator,
    CASE WHEN l.truth IS NULL THEN 'lost' WHEN l.truth THEN 'taking' ELSE 'not-taking' END AS reason,
    'Observation/' || l.id AS evidence
FROM registered r JOIN patient p ON p.person = r.person
LEFT JOIN latest l ON l.person = r.person
