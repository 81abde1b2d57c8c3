using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class KnownNamesTests
{
    [Theory]
    [InlineData("trian", "train vision", "did you mean 'train'? there are: train, vision")]
    [InlineData("other", "vision train vision", "name one of: train, vision")]
    [InlineData("x", "", "make one")]
    [InlineData("other", "a1 a2 a3 a4 a5 a6 a7 a8 b9 c10", "name one of: a1, a2, a3, a4, a5, a6, a7, a8 and 2 more ('list')")]
    [InlineData("other", "good two\nlines", "name one of: good, two<U+000A>lines")]
    public void The_nearest_name_is_said_and_what_there_is(string name, string known, string cure) =>
        Assert.Equal(cure, KnownNames.Cure(name, known.Split(' ', StringSplitOptions.RemoveEmptyEntries), "make one", "list"));
}
