using Torchyard.Containers.Sessions;

namespace Torchyard.Containers.Tests.Sessions;

public class DetachKeysTests
{
    [Fact]
    public void Control_p_and_control_q_leave_and_a_lone_control_p_is_passed_on()
    {
        var keys = new DetachKeys();

        Check("a"u8.ToArray(), false, keys.Filter("a\u0010"u8));
        Check("\u0010b"u8.ToArray(), false, keys.Filter("b"u8));
        Check("c"u8.ToArray(), true, keys.Filter("c\u0010\u0011d"u8));

        static void Check(byte[] data, bool detach, (byte[] Data, bool Detach) result)
        {
            Assert.Equal(data, result.Data);
            Assert.Equal(detach, result.Detach);
        }
    }
}
