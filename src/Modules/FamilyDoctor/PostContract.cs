using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What the contract pages post: signing, drafts, refusals, renewal, change of team, end. Each answers with a page that says what happened.</summary>
internal static class PostContract
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/contracts/sign/{patient}/step", SignAsync).ForCarers();
        routes.MapPost("/contracts/{id}/move", MoveAsync).ForCarers();
        routes.MapPost("/contracts/{id}/give", GiveAsync).ForCarers();
        routes.MapPost("/contracts/checks/{id}", CheckAsync).ForCarers();
    }

    private static Task<IResult> SignAsync(string patient, HttpContext http, SignContract sign, TimeProvider clock) =>
        PagePost.AnswerAsync(http, $"/contracts/sign/{Uri.EscapeDataString(patient)}", async (caller, form) =>
        {
            var offer = Read(form, LocalTime.Today(clock));
            if (form.Files.GetFile("photo") is { Length: > 0 } file) offer = offer with { Paper = await PhotoAsync(file, http.RequestAborted) };
            switch (form["step"].ToString())
            {
                case "refuse":
                    await sign.RefuseAsync(caller, patient, form["reason"].ToString(), http.RequestAborted);
                    return $"/contracts/sign/{Uri.EscapeDataString(patient)}?done=refused";
                case "draft":
                    return $"/contracts/{await sign.DraftAsync(caller, patient, offer, http.RequestAborted)}?done=draft";
                case "code":
                    return $"/contracts/{await sign.DraftAsync(caller, patient, offer, http.RequestAborted)}?done=code";
                case "sign" when form["member"].Count > 0:
                    var signed = await sign.SignHouseholdAsync(caller, patient, [.. form["member"].OfType<string>()], offer, http.RequestAborted);
                    var first = signed.FirstOrDefault(s => s.Contract is not null).Contract ?? throw RefusedException.Because(409, "valid", "都已有有效的签约。");
                    return $"/contracts/{first}?done={(signed.All(s => s.Contract is not null) ? "household" : "household-part")}";
                default:
                    return $"/contracts/{await sign.SignAsync(caller, patient, offer, form["draft"].ToString() is { Length: > 0 } d ? d : null, http.RequestAborted)}?done=signed";
            }
        });

    private static Task<IResult> MoveAsync(string id, HttpContext http, MoveContract move) =>
        PagePost.AnswerAsync(http, $"/contracts/{Uri.EscapeDataString(id)}", async (caller, form) =>
        {
            var stroke = form["stroke"].ToString();
            switch (form["step"].ToString())
            {
                case "renew":
                    _ = int.TryParse(form["years"], NumberStyles.None, CultureInfo.InvariantCulture, out var years);
                    return $"/contracts/{await move.RenewAsync(caller, id, years, stroke, http.RequestAborted)}?done=renewed";
                case "team":
                    return $"/contracts/{await move.ChangeTeamAsync(caller, id, form["to"].ToString(), stroke, http.RequestAborted)}?done=team";
                default:
                    await move.EndAsync(caller, id, form["reason"].ToString(), http.RequestAborted);
                    return $"/contracts/{Uri.EscapeDataString(id)}?done=ended";
            }
        });

    private static Task<IResult> GiveAsync(string id, HttpContext http, FulfilContract fulfil) =>
        PagePost.AnswerAsync(http, $"/contracts/{Uri.EscapeDataString(id)}", async (caller, form) =>
        {
            if (!DateOnly.TryParseExact(form["day"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                throw RefusedException.Because(422, "date", "日期不对。");
            await fulfil.ByHandAsync(caller, id, form["item"].ToString(), day, form["evidence"].ToString(), http.RequestAborted);
            return $"/contracts/{Uri.EscapeDataString(id)}?done=given";
        });

    private static async Task<IResult> CheckAsync(string id, HttpContext http, CheckService check)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(http.RequestAborted) : FormCollection.Empty;
        var back = $"/contracts/statement?month={Uri.EscapeDataString(form["month"].ToString())}&site={Uri.EscapeDataString(form["site"].ToString())}";
        return await PagePost.AnswerAsync(http, back, async (caller, posted) =>
        {
            await check.CheckAsync(caller, id, posted["given"] == "true", http.RequestAborted);
            return $"{back}&done=checked";
        });
    }

    private static async Task<PaperPhoto> PhotoAsync(IFormFile file, CancellationToken cancel)
    {
        if (file.Length > PaperPhoto.MostBytes) throw Refused();
        using var bytes = new MemoryStream((int)file.Length);
        await file.CopyToAsync(bytes, cancel);
        return PaperPhoto.Of(bytes.ToArray()) ?? throw Refused();

        static RefusedException Refused() => RefusedException.Because(422, "photo", $"照片须是 JPEG 或 PNG，不超过 {PaperPhoto.MostBytes >> 20} MB。");
    }

    // Years that cannot be read are none, which the rules refuse.
    private static Offer Read(IFormCollection form, DateOnly today) => new(
        form["team"].ToString(), today, int.TryParse(form["years"], NumberStyles.None, CultureInfo.InvariantCulture, out var years) ? years : 0,
        [.. form["package"].OfType<string>()], [.. form["menu"].OfType<string>()], form["stroke"].ToString());
}
