-- id: smd-stable
-- title: 严重精神障碍患者病情稳定率
-- english: Severe mental disorders stable
-- norm: 国家基本公共卫生服务规范（第三版）严重精神障碍患者管理；严重精神障碍管理治疗工作规范（2018 年版）
-- edition: "2017"
-- target: 0.80
-- sensitivity: MentalHealth
-- denominator: 登记在册的确诊患者
-- exclusion: 死亡者
-- numerator: 年内最近一次随访分类为“稳定”的患者；失访即不稳定
-- reasons:
--   stable: 最近一次随访分类为稳定
--   basic: 最近一次随访分类为基本稳定
--   unstable: 最近一次随访分类为不稳定
--   lost: 本年没有随访分类
WITH registered AS (
    SELECT e.person, any_value(e.organisation) AS organisation, min(e.start_on) AS start_on FROM episode e
    WHERE e.programme = 'severe-mental-disorders' AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start()) GROUP BY e.person
),
latest AS (
    SELECT a.person, last(a.class ORDER BY a.date, a.id) AS class, last(a.id ORDER BY a.date, a.id) AS id FROM assessment a
    WHERE a.programme = 'severe-mental-disorders' AND a.class IS NOT NULL AND a.date BETWEEN year_start() AND as_of() GROUP BY a.person
)
SELECT r.person, coalesce(p.organisation, r.organisation) AS organisation, true AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(l.class = '3', false) AS numerator,
    CASE coalesce(l.class, '') WHEN '3' THEN 'stable' WHEN '2' THEN 'basic' WHEN '1' THEN 'unstable' ELSE 'lost' END AS reason,
    'Observation/' || l.id AS evidence
FROM registered r JOIN patient p ON p.person = r.person
LEFT JOIN latest l ON l.person = r.person
