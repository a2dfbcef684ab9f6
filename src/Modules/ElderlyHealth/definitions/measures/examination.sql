-- id: elderly-examination
-- title: 老年人健康管理率
-- english: Elderly examined this year
-- norm: 国家基本公共卫生服务规范（第三版）老年人健康管理 工作指标
-- edition: "2017"
-- target: 0.65
-- denominator: 年内满 65 岁的在管居民（当年任何一天满 65 岁即计入当年）
-- exclusion: 死亡者
-- numerator: 年内建档、做过一次健康体检并填写完整的老年人
-- reasons:
--   done: 年内已体检
--   none: 年内还没有体检
WITH done AS (
    SELECT v.person, arg_max(v.id, coalesce(v.date, v.authored_on)) AS id FROM visit v
    WHERE contains(v.form, 'elderly-examination') AND coalesce(v.date, v.authored_on) BETWEEN year_start() AND as_of() GROUP BY v.person
)
SELECT p.person, p.organisation, p.active AND p.birth_date + INTERVAL 65 YEAR <= year_start() + INTERVAL 1 YEAR - INTERVAL 1 DAY AS denominator,
    coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded, d.id IS NOT NULL AS numerator, CASE WHEN d.id IS NULL THEN 'none' ELSE 'done' END AS reason,
    'QuestionnaireResponse/' || d.id AS evidence
FROM patient p LEFT JOIN done d ON d.person = p.person
