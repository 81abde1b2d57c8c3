using Torchyard.Containers.Sessions;

namespace Torchyard.Containers.Tests.Sessions;

public class BoundedOutputTests
{
    [Fact]
    public void What_a_program_prints_is_kept_up_to_the_bound_and_then_it_is_told_to_end()
    {
        var told = 0;
        using var output = new BoundedOutput(16 << 20, () => told++);
        var part = new byte[1_000_003];
        for (var i = 0; i < 40; i++)
        {
            output.Write(part);
        }

        Assert.Equal(16 << 20, output.Length);
        Assert.Equal(1, told);
    }
}
