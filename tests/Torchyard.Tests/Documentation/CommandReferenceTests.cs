namespace Torchyard.Tests.Documentation;

public sealed class CommandReferenceTests
{
    /// <summary>With <c>TORCHYARD_UPDATE_GOLDEN=1</c> the file is written instead.</summary>
    [Fact]
    public void The_reference_of_the_command_line_is_up_to_date()
    {
        var file = Path.Combine(Repository.Require(), "docs/cli.md");
        var expected = CommandReference.Write();
        if (Environment.GetEnvironmentVariable("TORCHYARD_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, expected);
        }

        Assert.True(
            expected == File.ReadAllText(file),
            "docs/cli.md does not describe the command line; write it again: TORCHYARD_UPDATE_GOLDEN=1 dotnet test --project tests/Torchyard.Tests");
    }
}
