using System.Text.Json.Serialization;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Flows.Trust;

/// <summary>What somebody allowed a recipe: one file of the user's.</summary>
internal sealed record TrustRecord
{
    /// <summary>Version of this form.</summary>
    public required int Version { get; init; }

    /// <summary>Real path of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>When it was allowed.</summary>
    public required DateTimeOffset Allowed { get; init; }

    /// <summary>Digest of the wishes: a record that was cut or edited counts as none.</summary>
    public required string Digest { get; init; }

    /// <summary>What it may have.</summary>
    public required IReadOnlyList<TrustedWish> Wishes { get; init; }

    /// <summary>The version of this form.</summary>
    public const int Current = 1;

    /// <summary>A record of now.</summary>
    public static TrustRecord Of(string recipe, IReadOnlyList<Wish> wishes, DateTimeOffset now) =>
        new()
        {
            Version = Current,
            Recipe = recipe,
            Allowed = now,
            Digest = Wish.DigestOf(wishes).ToString(),
            Wishes = [.. Wish.InOrder(wishes).Select(wish => new TrustedWish(Wish.NameOf(wish.Kind), wish.What, wish.Detail))],
        };

    /// <summary>The wishes; null when the record is of another form, or not as it was written.</summary>
    public IReadOnlyList<Wish>? Read()
    {
        if (
            Version != Current
            || Recipe is null
            || Wishes is null
            || Wishes.Any(wish => wish is not { Kind: not null, What: not null, Detail: not null } || Wish.KindOf(wish.Kind) is null)
        )
        {
            return null;
        }

        var wishes = Wishes.Select(wish => new Wish(Wish.KindOf(wish.Kind)!.Value, wish.What, wish.Detail)).ToList();
        return Wish.DigestOf(wishes).ToString() == Digest ? wishes : null;
    }
}

/// <summary>One thing that a recipe may have.</summary>
internal sealed record TrustedWish(string Kind, string What, string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TrustRecord))]
internal sealed partial class TrustRecordJson : JsonSerializerContext;
