using Torchyard.Testing.Golden;

namespace Torchyard.Tests.Documentation;

public sealed class CommandReferenceTests
{
    [Fact]
    public void The_reference_of_the_command_line_is_up_to_date()
    {
        GoldenFile.Compare("docs/cli.md", CommandReference.Write());
    }
}
