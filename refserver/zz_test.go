package main
import ("testing";"fmt";"time";"io")
func TestZZ(t *testing.T){
	p := startPlayground(t, t.TempDir())
	p.postFile("/phone/messenger/file", "/", pixel(), "pilt.png")
	time.Sleep(time.Second)
	c, _ := p.client.Get(p.srv.URL+"/v1/conversations")
	b,_ := io.ReadAll(c.Body); fmt.Println(string(b))
	c, _ = p.client.Get(p.srv.URL+"/v1/conversations/"+p.chatOf("all")+"/messages")
	b,_ = io.ReadAll(c.Body); fmt.Println(string(b))
	fmt.Println(p.screen("messenger"))
}
