using Torchyard.Recipes.Wishes;

namespace Torchyard.Recipes.Tests;

public sealed class WishTests
{
    private static readonly WishKind[] Kinds = Enum.GetValues<WishKind>();

    [Fact]
    public void Every_kind_has_a_name_and_words()
    {
        Assert.All(Kinds, kind => Assert.Equal(kind, Wish.KindOf(Wish.NameOf(kind))));
        Assert.All(Kinds, kind => Assert.NotEmpty(new Wish(kind, "what", "detail").Text));
        Assert.Null(Wish.KindOf("none"));
    }

    [Fact]
    public void No_change_of_a_wish_escapes_the_digest_and_neither_order_nor_place_changes_it()
    {
        // Parts that would run into each other if they were only joined.
        string[] parts = ["", "a", "b", "ab", "a\n", "1:a\n", "/home/me", "/home/me/", "\u202e", "A", "a\0"];
        var random = new Random(20261129);
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var round = 0; round < 4000; round++)
        {
            var wishes = Enumerable.Range(0, random.Next(4)).Select(_ => new Wish(Any(Kinds), Any(parts), Any(parts))).ToList();
            var set = string.Join(
                "|",
                wishes
                    .Select(wish =>
                        $"{(int)wish.Kind},{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(wish.What))},"
                        + $"{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(wish.Detail))}"
                    )
                    .Distinct()
                    .Order(StringComparer.Ordinal)
            );
            var digest = Wish.DigestOf(wishes).ToString();
            Assert.Equal(
                digest,
                Wish.DigestOf(wishes.AsEnumerable().Reverse().Concat(wishes).Select(wish => wish with { From = "elsewhere" })).ToString()
            );
            Assert.Equal(set, seen.TryGetValue(digest, out var other) ? other : seen[digest] = set);
        }

        // Different sets never share a digest.
        Assert.Equal(seen.Count, seen.Values.Distinct().Count());

        T Any<T>(T[] from) => from[random.Next(from.Length)];
    }

    [Fact]
    public void Text_of_a_recipe_cannot_steer_the_question()
    {
        var wish = Wish.Mount("/home/me/\u001b[2J\u202e\nAllow this? yes", readOnly: false, "/mnt\r/x");
        Assert.DoesNotContain(wish.Text, letter => char.IsControl(letter) || letter == '\u202e');
    }
}
